# -*- coding: utf-8 -*-
"""Writes the pickles of this folder; README.md says with what each was run.

    python make.py WRITER

runs in Python 2.7 and 3. Literals say whether they are text or bytes, so every Python writes the same values.
"""
from __future__ import print_function

import collections
import io
import json
import os
import pickle
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def values():
    """One of everything that a corpus may hold."""
    grid = np.arange(24, dtype="f4").reshape(2, 3, 4) - 7.5
    special = [0.1, -2.0, 65504.0, 6e-8, float("inf"), float("-inf"), float("nan"), -0.0]
    shared = [1, 2]
    found = {}
    for order in "<>":
        for name in ["f2", "f4", "f8"]:
            found[order + name] = np.array(special).astype(order + name)
        for name in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
            info = np.iinfo(name)
            found[order + name] = np.array([info.min, 0, 7, info.max], dtype=order + name)
        found[order + "U"] = np.array([u"ab", u"", u"caf\u00e9", u"\U0001f600"]).astype(order + "U5")
    found.update({
        "bool": np.array([True, False, True]),
        "bytes": np.array([b"ab", b"", b"xyz"]),
        "ids": np.array([[b"video", b"0", b"1.5"], [b"other", b"2", b"3"]]),
        "c order": grid,
        "fortran": np.asfortranarray(grid),
        "transposed": grid.transpose(1, 0, 2),
        "reversed axes": grid.T,
        "every other": grid[:, ::2, 1:],
        "empty": np.empty((0, 3), dtype="f4"),
        "no axes": np.array(1.25),
        "one": np.array([[-1.8]], dtype="f4"),
        "object numbers": np.array([1, 2.5, np.float32(3.5)], dtype=object),
        "object texts": np.array([[u"a", u"b"], [b"c", 7]], dtype=object),
        "object fortran": np.asfortranarray(np.array([[u"a", u"b"], [u"c", u"d"]], dtype=object)),
        "np.float16": np.float16(0.5),
        "np.float32": np.float32(0.1),
        "np.float64": np.float64(0.1),
        "np.int64": np.int64(-5000000000),
        "np.uint8": np.uint8(200),
        "np.bool_": np.bool_(True),
        "np.str_": np.array([u"caf\u00e9"])[0],
        "np.bytes_": np.array([b"ab"])[0],
        "none": None,
        "bools": [True, False],
        "integers": [0, 1, -1, 255, 256, 65535, 65536, 2 ** 31 - 1, -2 ** 31, 2 ** 31, 2 ** 63 - 1, -2 ** 63],
        "floats": [0.1, -1.5, 1e300, float("inf"), float("-inf")],
        "text": [u"", u"plain", u"caf\u00e9 \u4e2d \U0001f600", u"a\nb\\c\r'\"", u"x" * 300],
        "raw bytes": [b"", b"plain", b"caf\xc3\xa9", b"\x00\xff\n\\'\"", b"x" * 300],
        "bytearray": [bytearray(b""), bytearray(b"a\x00\xff")],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "list of tuples": [(u"a", 1, 0.5), (u"b", 2, None)],
        "long list": list(range(1200)),
        "nested": {u"outer": {u"inner": {u"list": [{}, [], [[1]]]}}},
        "ordered": collections.OrderedDict([(u"one", 1), (u"two", [2])]),
        "sets": [set([1]), frozenset([u"a"]), set()],
        "shared": [shared, shared],
        "record": ((([u"good", u"film"]), grid[0, :2], np.zeros((2, 3), "f4")), np.array([[1.5]], "f4"), u"v[0]"),
    })
    return found


def tree(value):
    """A value as the test compares it."""
    if value is None or isinstance(value, (bool, int, str)) and not isinstance(value, np.generic):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return {"float": repr(float(value))}
    if isinstance(value, np.str_):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        # A scalar of bytes is read as the text that it is meant to be.
        return bytes(value).decode() if isinstance(value, np.bytes_) else {"bytes": bytes(value).hex()}
    if isinstance(value, dict):
        return {"dict": {key: tree(item) for key, item in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [tree(item) for item in value]}
    if isinstance(value, (list, set, frozenset)):
        return {"list": [tree(item) for item in value]}
    is_text = value.dtype.kind in "SU" or any(isinstance(item, (str, bytes)) for item in value.ravel().tolist())
    if is_text:
        texts = [item.decode() if isinstance(item, bytes) else str(item) for item in value.ravel()]
        return {"texts": {"shape": list(value.shape), "data": texts}}
    numbers = [repr(float(x)) for x in value.astype("f4").ravel()]
    return {"numbers": {"shape": list(value.shape), "data": numbers}}


def layouts():
    """A small corpus in the layouts of which no public file can be kept here, with the structure of the public ones."""
    splits = [u"train", u"dev", u"test"]
    emotions = np.array([[1.5, 0.5, 0.0, 1.0, 0.0, 3.0, 0.25]], dtype="f4")

    def misa(split, words, lengths, label):
        ids = np.arange(len(words)) if lengths is None else []
        rows = lengths or (len(words), len(words))
        vision = np.arange(rows[0] * 2, dtype="f4").reshape(-1, 2)
        audio = np.arange(rows[1] * 3, dtype="f8").reshape(-1, 3)
        content = (ids, vision, audio, words)
        if lengths is not None:
            content += tuple(np.int64(length) for length in lengths)
        return (content, label, split + u"_vid[0]")

    words = [u"good", u"film"]
    one = np.array([[-0.5]], dtype="f4")
    arrays = {}
    for split in [u"train", u"valid", u"test"]:
        text = np.zeros((3, 4, 2), dtype="f4")
        text[0, 1:] = 1.0
        text[2, 2:3] = -1.0
        arrays[split] = {
            u"vision": np.ones((3, 4, 2)),
            u"audio": np.full((3, 4, 1), -np.inf, dtype="f4"),
            u"text": text,
            u"labels": np.concatenate([emotions, emotions * 0, emotions])[:, None, :],
            u"id": np.array([[b"a", b"0", b"1"], [b"b", b"0", b"0"], [b"c", b"0", b"0"]]),
        }
    return {
        "misa": {split: [misa(split, words, None, emotions)] for split in splits},
        "mmim": {split: [misa(split, words, (3, 0), one)] for split in splits},
        "multibench": arrays,
    }


def write(name, value, protocol, pickler=pickle):
    with open(os.path.join(HERE, name), "wb") as file:
        pickler.dump(value, file, protocol)


def main():
    writer = sys.argv[1]
    protocols = {"numpy2": range(6), "numpy1": [2, 5], "python2": range(3)}[writer]
    for protocol in protocols:
        write("%s-protocol%d.pkl" % (writer, protocol), values(), protocol)
    if writer == "python2":
        import cPickle

        for name, value in layouts().items():
            write("%s-python2.pkl" % name, value, 2, cPickle)
    if writer == "numpy2":
        for name, value in layouts().items():
            for protocol in [2, 4]:
                write("%s-protocol%d.pkl" % (name, protocol), value, protocol)
        write("records.pkl", np.zeros(2, dtype=[("a", "f4"), ("b", "i2")]), 2)
        expected = {name: tree(value) for name, value in values().items()}
        with io.open(os.path.join(HERE, "expected.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps(expected, sort_keys=True).replace('}, "', '},\n"') + "\n")


main()
