"""Writes tiny-bert/pytorch_model.bin as `torch.save` would, without PyTorch: a zip with a pickle and one file a storage.

Tensor k, in the order below, holds k + i/64 at place i. Names are those of an old BertForPreTraining.
"""

import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

WIDTH, VOCABULARY, POSITIONS, TYPES, INNER = 4, 7, 5, 2, 3


def shapes():
    for name, rows in [("word", VOCABULARY), ("position", POSITIONS), ("token_type", TYPES)]:
        yield f"embeddings.{name}_embeddings.weight", (rows, WIDTH)
    yield from norm("embeddings.LayerNorm")
    layer = "encoder.layer.0."
    for part in ["query", "key", "value"]:
        yield from linear(f"{layer}attention.self.{part}", WIDTH, WIDTH)
    yield from linear(f"{layer}attention.output.dense", WIDTH, WIDTH)
    yield from linear(f"{layer}intermediate.dense", WIDTH, INNER)
    yield from linear(f"{layer}output.dense", INNER, WIDTH)
    yield from norm(f"{layer}attention.output.LayerNorm")
    yield from norm(f"{layer}output.LayerNorm")
    yield from linear("pooler.dense", WIDTH, WIDTH)


def linear(name, d_in, d_out):
    yield f"{name}.weight", (d_out, d_in)
    yield f"{name}.bias", (d_out,)


def norm(name):
    yield f"{name}.gamma", (WIDTH,)
    yield f"{name}.beta", (WIDTH,)


# Stand-ins, so that the pickle names what PyTorch's would.
torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
sys.modules.update({"torch": torch, "torch._utils": utils})


class FloatStorage:
    pass


class LongStorage:
    pass


def _rebuild_tensor_v2():
    pass


for thing, module in [(FloatStorage, torch), (LongStorage, torch), (_rebuild_tensor_v2, utils)]:
    thing.__module__ = module.__name__
    setattr(module, thing.__name__, thing)


class Storage:
    def __init__(self, kind, key, values):
        self.kind, self.key, self.values = kind, key, values


class Tensor:
    def __init__(self, storage, shape):
        self.storage, self.shape = storage, shape

    def __reduce__(self):
        strides = [1]
        for size in self.shape[:0:-1]:
            strides.insert(0, strides[0] * size)
        return _rebuild_tensor_v2, (self.storage, 0, self.shape, tuple(strides), False, OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return "storage", value.kind, value.key, "cpu", len(value.values)
        return None


def main():
    storages, tensors = [], OrderedDict()

    def add(name, shape, values, kind=FloatStorage):
        storages.append(Storage(kind, str(len(storages)), values))
        tensors[name] = Tensor(storages[-1], shape)

    for k, (name, shape) in enumerate(shapes()):
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        add(f"bert.{name}", shape, [k + i / 64 for i in range(count)])
    add("bert.embeddings.position_ids", (1, POSITIONS), list(range(POSITIONS)), LongStorage)
    add("cls.predictions.bias", (VOCABULARY,), [0.5] * VOCABULARY)

    pickled = io.BytesIO()
    Pickler(pickled, protocol=2).dump(tensors)
    path = Path(__file__).parent / "tiny-bert" / "pytorch_model.bin"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        # A fixed time: the same bytes whenever this runs.
        def write(name, data):
            archive.writestr(zipfile.ZipInfo(f"pytorch_model/{name}"), data)

        write("data.pkl", pickled.getvalue())
        write("byteorder", b"little")
        for storage in storages:
            element = "f" if storage.kind is FloatStorage else "q"
            write(f"data/{storage.key}", struct.pack(f"<{len(storage.values)}{element}", *storage.values))
        write("version", b"3\n")


main()
