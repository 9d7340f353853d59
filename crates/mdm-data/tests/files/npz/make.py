"""Writes the archives beside it. Made with Python 3 and the version of numpy that it prints."""

from pathlib import Path

import numpy as np

here = Path(__file__).parent

# Two utterances of 3 and 1 words, the third word without a vector; audio without lengths; vision with steps of its own.
language = np.zeros((2, 4, 2), "<f4")
language[0, :2] = [[1, 2], [3, 4]]
language[1, :1] = [[5, 6]]
audio = np.zeros((2, 4, 1), ">f8")
audio[:, :, 0] = [[0.5, -np.inf, 1.5, 0], [2.5, 0, 0, 0]]
vision = np.zeros((2, 6, 1), "<f4")
vision[:, :, 0] = [[1, 0, 2, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
corpus = {
    "train.language": language,
    "train.language_lengths": np.array([3, 1]),
    "train.audio": np.asfortranarray(audio),
    "train.vision": vision,
    "train.labels": np.array([[1.5, 0, 1, 2, 3, 0.5, 0], [-3, 0, 0, 0, 0, 0, 0]]),
    "train.ids": np.array(["v[0]", "été[1]"]),
    "train.words": np.array(["good film hm", "one\n"]),
    # No ids, no lengths: language ends at its last frame that is not zero.
    "valid.language": language[:1],
    "valid.audio": audio[:1],
    "valid.vision": vision[:1],
    "valid.labels": np.zeros((1, 7), "<f2"),
    "valid.words": np.array([b"two words"]),
    # A split without utterances.
    "test.language": np.zeros((0, 0, 2), "<f4"),
    "test.audio": np.zeros((0, 0, 1), "<f4"),
    "test.vision": np.zeros((0, 0, 1), "<f4"),
    "test.labels": np.zeros((0, 7), "<f4"),
}
np.savez(here / "corpus.npz", **corpus)
np.savez_compressed(here / "corpus_compressed.npz", **corpus)
print(np.__version__)
