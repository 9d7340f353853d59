"""Makes the HDF5 files of this folder: `python make.py`, with NumPy and h5py. Times are in seconds."""

import h5py
import numpy as np


def sequence(file, root, videos, times=np.float64):
    """A computational sequence: for each video the rows and their intervals."""
    with h5py.File(file, "w", libver="latest" if file.startswith("csd/COVAREP") else None) as out:
        out.create_group(f"{root}/metadata").create_dataset("root name", data=[root.encode()])
        for video, (rows, intervals) in videos.items():
            group = out.create_group(f"{root}/data/{video}")
            group.create_dataset("features", data=rows)
            group.create_dataset("intervals", data=np.array(intervals, dtype=times))


def texts(*words):
    return np.array([[word.encode()] for word in words])


# Two videos. In `a` a word without frames of vision ("all"), a pause, and a word between the segments ("um").
sequence(
    "csd/words.csd",
    "words",
    {
        "a": (texts("this", "sp", "is", "um", "all", "fine"), [(0, 1), (1, 2), (2, 3), (3.6, 4), (4, 5), (5, 6)]),
        "b": (texts("no"), [(0.5, 1.5)]),
    },
)
# Times as f32. Seven columns: the sentiment and the six emotions.
sequence(
    "csd/All Labels.csd",
    "All Labels",
    {
        "a": (np.array([[1, 1, 0, 0, 0, 0, 0], [-0.5, 0, 2, 1, 0, 0, 3]], dtype=np.float32), [(0, 3.5), (3.9, 6)]),
        "b": (np.array([[3, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]], dtype=np.float32), [(0, 2), (2, 3)]),
    },
    np.float32,
)
# Audio: two frames a second as f32, chunked and compressed, in the newest version of the format; one value is NaN.
audio = np.arange(24, dtype=np.float32).reshape(12, 2)
audio[5, 1] = np.nan
sequence("csd/COVAREP.csd", "COVAREP", {"a": (audio, [(i / 2, (i + 1) / 2) for i in range(12)])})
with h5py.File("csd/COVAREP.csd", "a", libver="latest") as out:
    group = out["COVAREP/data"].create_group("b")
    rows = np.array([[1, 2], [3, 6]], dtype=np.float32)
    group.create_dataset("features", data=rows, chunks=(1, 2), compression="gzip", shuffle=True)
    group.create_dataset("intervals", data=np.array([[0, 1], [1, 2]], dtype=np.float32))
# Vision: a frame a second as f64, none for "all", and nothing of `b`.
sequence(
    "csd/vision.csd",
    "FACET_4.2",
    {"a": (np.array([[1.0], [2.0], [4.0], [8.0], [16.0]]), [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6)])},
)

# Tensors with the modalities side by side: language 300, audio 5, vision 20. Two steps of padding on the left in the
# first, in the second one on the left and one on the right, nothing but audio in the last step of the third.
x = np.zeros((3, 4, 325))
x[0, 2:] = 1
x[1, 1:3] = np.arange(325)
x[2, 3, 300] = 7
with h5py.File("cmu/X_train.h5", "w") as out:
    out.create_dataset("data", data=x, chunks=(2, 4, 325), compression="gzip")
    out.create_dataset("other", data=[0])
with h5py.File("cmu/y_train.h5", "w") as out:
    out.create_dataset("labels", data=np.array([[-1], [0], [2]], dtype=np.int64))
