"""Writes the pickles of this folder. They are put together from instructions and never loaded here."""

import struct
from pathlib import Path

HERE = Path(__file__).parent
COMMAND = b"touch hostile-pickle-ran"


def short(text):
    return b"\x8c" + bytes([len(text)]) + text


def stack_global(module, name):
    return short(module) + short(name) + b"\x93"


def call(module, name, *arguments):
    return b"c" + module + b"\n" + name + b"\n(" + b"".join(arguments) + b"tR"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value


def integer(value):
    return b"\x8a\x08" + struct.pack("<q", value)


def dtype(name):
    state = b"(K\x03" + text(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    return call(b"numpy", b"dtype", text(name), b"\x89", b"\x88") + state


EMPTY_ARRAY = call(b"numpy.core.multiarray", b"_reconstruct", b"cnumpy\nndarray\n", b"K\x00\x85", b"C\x01b")


def state(shape, kind, data):
    lengths = b"(" + b"".join(integer(length) for length in shape) + b"t"
    return b"(K\x01" + lengths + kind + b"\x89" + data + b"tb"


def array(shape, kind, data):
    return EMPTY_ARRAY + state(shape, kind, data)


def laughs():
    levels = [b"]q\x00"]
    for level in range(1, 100):
        levels.append(b"](" + b"h" + (bytes([level - 1]) + b"h") * 9 + bytes([level - 1]) + b"eq" + bytes([level]))
    return b"".join(levels)


def four():
    return b"C\x04\0\0\0\0"


FILES = {
    # Code
    "os-system": b"cos\nsystem\n(S'" + COMMAND + b"'\ntR",
    "posix-system": b"\x80\x02" + call(b"posix", b"system", text(COMMAND)),
    "nt-system": b"\x80\x02" + call(b"nt", b"system", text(COMMAND)),
    "builtins-eval": b"\x80\x04" + stack_global(b"builtins", b"eval") + short(b"__import__('os').getcwd()") + b"\x85R",
    "builtins-eval-python2": b"\x80\x02" + call(b"__builtin__", b"eval", text(b"1")),
    "builtins-getattr": b"\x80\x04" + stack_global(b"builtins", b"getattr") + short(b"a") + short(b"join") + b"\x86R",
    "builtins-bytes-of-length": b"\x80\x02" + call(b"builtins", b"bytes", integer(1 << 40)),
    "subprocess-popen": b"\x80\x04" + stack_global(b"subprocess", b"Popen") + short(COMMAND) + b"\x85R",
    "importlib-import": b"\x80\x04" + stack_global(b"importlib", b"import_module") + short(b"os") + b"\x85R",
    "inst-instruction": b"(S'" + COMMAND + b"'\nios\nsystem\n",
    "obj-instruction": b"(cos\nsystem\nU" + bytes([len(COMMAND)]) + COMMAND + b"o",
    "newobj-instruction": b"\x80\x02cos\npopen\n" + text(COMMAND) + b"\x85\x81",
    "newobj-ex-instruction": b"\x80\x04cnumpy\nndarray\n)}\x92",
    "name-without-a-call": b"\x80\x02cos\nsystem\n",
    "name-in-a-dict": b"\x80\x02}" + text(b"train") + b"cshutil\nrmtree\ns",
    "numpy-load": b"\x80\x02" + call(b"numpy", b"load", text(b"evil.npy")),
    "numpy-fromfile": b"\x80\x02" + call(b"numpy.core.multiarray", b"fromfile", text(b"/etc/passwd")),
    "dotted-name": b"\x80\x04" + stack_global(b"numpy.core", b"multiarray._reconstruct") + b")R",
    "codecs-decode": b"\x80\x02" + call(b"_codecs", b"decode", text(b"x"), text(b"zlib")),
    "codecs-encode-zlib": b"\x80\x02" + call(b"_codecs", b"encode", text(b"x"), text(b"zlib")),
    "terminal-escape-in-name": b"\x80\x02c\x1b[2Jos\nsys\x07tem\n",
    "endless-name": b"\x80\x02c" + b"a" * 4000 + b"\nb\n",
    "call-of-a-text": b"\x80\x02" + text(b"os.system") + text(COMMAND) + b"\x85R",
    "call-of-a-call": b"\x80\x02" + call(b"numpy", b"dtype", text(b"f4")) + (b")R" * 1000),
    "state-for-a-list": b"\x80\x02]}" + text(b"append") + b"Nsb",
    "state-for-a-class": b"\x80\x02cnumpy\nndarray\n)b",
    "dtype-of-a-dict": b"\x80\x02" + call(b"numpy", b"dtype", b"}"),
    "persistent-id": b"\x80\x02Pevil\n",
    "extension-code": b"\x80\x02\x82\x01",
    "buffer-elsewhere": b"\x80\x05\x97",
    # Memory
    "ndarray-of-length": b"\x80\x02" + call(b"numpy", b"ndarray", integer(1 << 40) + b"\x85"),
    "bytearray-of-length": b"\x80\x02" + call(b"builtins", b"bytearray", integer(1 << 40)),
    "shape-of-2-40": b"\x80\x03" + array([1 << 40], dtype(b"f4"), four()),
    "shape-that-overflows": b"\x80\x03" + array([1 << 62, 4], dtype(b"f4"), four()),
    "shape-below-zero": b"\x80\x03" + array([-1], dtype(b"f4"), four()),
    "shape-of-65-axes": b"\x80\x03" + array([1] * 65, dtype(b"f4"), four()),
    "dtype-of-2-40-bytes": b"\x80\x03" + array([1], dtype(b"S1099511627776"), four()),
    "dtype-that-overflows": b"\x80\x03" + array([1], dtype(b"U9223372036854775807"), four()),
    "elements-of-no-bytes": b"\x80\x03" + array([1 << 60], dtype(b"S0"), b"C\x00"),
    "objects-added-later": b"\x80\x03]q\x000" + array([0], dtype(b"O"), b"h\x00") + b"h\x00Na\x86",
    "array-in-itself": b"\x80\x03" + EMPTY_ARRAY + b"q\x01]q\x00h\x01a0" + state([1], dtype(b"O"), b"h\x00"),
    "length-of-2-64": b"\x80\x04\x8d" + b"\xff" * 8 + b"ab",
    "length-beyond-the-end": b"\x80\x02X\xff\xff\xff\x7fab",
    "frame-beyond-the-end": b"\x80\x04\x95" + b"\xff" * 8 + b"N",
    "integer-of-2-31-bytes": b"\x80\x02\x8b\xff\xff\xff\x7fab",
    "memo-number-of-2-32": b"\x80\x02Nr\xff\xff\xff\xff",
    # Structure
    "billion-laughs": b"\x80\x02" + laughs(),
    "list-in-itself": b"\x80\x02]q\x00h\x00ah\x00a",
    "deep-tuples": b"\x80\x02N" + b"\x85" * 20_000,
    "deep-lists": b"\x80\x02" + b"]" * 20_000 + b"a" * 19_999,
    "open-marks": b"\x80\x02" + b"(" * 1001,
    "mark-taken-twice": b"\x80\x02(tt",
    "memo-that-is-empty": b"\x80\x02h\x07",
    "key-without-value": b"\x80\x02}(Nu",
    "unknown-instruction": b"\x80\x02\xfe",
    "protocol-6": b"\x80\x06N",
    "nothing": b"",
}

for name, content in FILES.items():
    (HERE / f"{name}.pkl").write_bytes(content + b".")
(HERE / "no-stop.pkl").write_bytes(b"\x80\x02N")
