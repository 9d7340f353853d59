"""Writes the files beside it. Made with Python 3, numpy 2.4.6, pandas 3.1.1 and pyarrow 26.0.1."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent
six = np.arange(6).reshape(3, 2)
cube = np.arange(12).reshape(3, 2, 2)
numbers = {
    "f4": six.astype("<f4") + 0.5,
    "f8": six.astype("<f8") + 0.25,
    "f2": six.astype("<f2") - 0.5,
    "big": six.astype(">f4") + 0.5,
    "big_i2": six.astype(">i2") - 300,
    "i1": six.astype("i1") - 3,
    "i8": six.astype("<i8") - 2**40,
    "u1": six.astype("u1") + 250,
    "u8": six.astype("<u8") + 2**63,
    "bool": six % 2 == 1,
    "line": np.array([1.5, 2.5, 3.5]),
    "fortran": np.asfortranarray(six.astype("<f8")),
    "cube": cube.astype("<i4"),
    "fortran_cube": np.asfortranarray(cube.astype("<i4")),
}
others = {
    "text": np.array(["a", "b", "c"]),
    "objects": np.array([1, None, "x"], dtype=object),
    "complex": np.ones(3, dtype=complex),
    "records": np.zeros(3, dtype=[("a", "<i4"), ("b", "<f4", (2,))]),
    "dates": np.array(["2020-01-01"] * 3, dtype="datetime64[D]"),
    "scalar": np.float64(3),
    "no_rows": np.zeros((0, 2)),
    "no_columns": np.zeros((3, 0)),
    "longer": np.zeros(4),
    "nan": np.array([0, 1, np.nan]),
    "inf": np.asfortranarray([[0, 0], [0, 0], [-np.inf, 0]]),
    "beyond_f32": np.array([[0.0, 1e300], [0, 0], [0, 0]]),
}
np.savez(here / "numpy.npz", **numbers, **others)
np.savez_compressed(here / "numpy_compressed.npz", **numbers)

table = pa.table(
    {
        "x_1": pa.array([2.5, 4.5, 6.5], pa.float32()),
        "x_0": pa.array([1, 3, 5], pa.int64()),
        "flag": pa.array([True, False, True]),
        "half": pa.array(np.array([1, 2, 3], "f2")),
        "i4": pa.array([-1, 0, 1], pa.int32()),
        "u4": pa.array([0, 1, 2**32 - 1], pa.uint32()),
        "u8": pa.array([0, 1, 2**64 - 1], pa.uint64()),
        "i1": pa.array([-1, 0, 1], pa.int8()),
        "list": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        "fixed": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int32(), 2)),
        "ragged": pa.array([[1.0, 2.0], [3.0], [5.0, 6.0]]),
        "empty": pa.array([[], [], []], pa.list_(pa.float64())),
        "holes": pa.array([1.0, None, 3.0]),
        "list_holes": pa.array([[1.0], None, [2.0]]),
        "inner_holes": pa.array([[1.0], [2.0], [None]]),
        "nan": pa.array([1.0, 2.0, float("nan")]),
        "beyond_f32": pa.array([1e300, 2.0, 3.0]),
        "text": pa.array(["a", "b", "c"]),
        "labels": pa.array(["a", "b", "a"]).dictionary_encode(),
        "record": pa.array([{"a": 1, "b": 2.0}] * 3),
        "decimal": pa.array([1, 2, 3], pa.decimal128(10, 2)),
        "time": pa.array([1, 2, 3], pa.timestamp("ms", "Europe/Paris")),
        "nested": pa.array([[[1.0]], [[2.0]], [[3.0]]]),
        "map": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
        "nothing": pa.array([None, None, None], pa.null()),
        "code": pa.array([1, 2, 1], pa.int64()).dictionary_encode(),
    }
)
pq.write_table(table, here / "pyarrow.parquet", row_group_size=2)

frame = pd.DataFrame({"x_0": [1.5, 2.5], "x_1": [3.0, 4.0], "y": [5, 6], "name": ["a", "b"]})
frame.to_csv(here / "pandas.csv")
frame[["x_0", "x_1", "y"]].to_parquet(here / "pandas.parquet", compression="zstd")
