"""Makes mag.pkl: six made-up utterances in the layout of the Multimodal Adaptation Gate. Needs NumPy."""

import pickle
from pathlib import Path

import numpy as np


def record(name, words):
    steps = np.arange(len(words), dtype=np.float32)[:, None]
    vision, audio = steps + np.float32([0.5, 1]), steps - np.float32([0, 1, 2])
    return ((words, vision, audio), np.float32([[len(words) - 2]]), name)


splits = {
    split: [record(f"{split}[{n}]", ["good", "film", "bad"][: n + 1]) for n in range(2)]
    for split in ("train", "dev", "test")
}
Path(__file__).with_name("mag.pkl").write_bytes(pickle.dumps(splits, protocol=2))
