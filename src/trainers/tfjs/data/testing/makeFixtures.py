"""Writes the fixtures of the data formats with NumPy and SciPy, and the values they hold as expected.json.

Usage: python makeFixtures.py   (needs numpy and scipy; the files it writes are committed)
"""

import gzip
import json
import pathlib
import struct
import zipfile

import numpy as np
from scipy.io import savemat

here = pathlib.Path(__file__).parent / "fixtures"
rng = np.random.default_rng(7)
expected = {}


def keep(name, array):
    """What a reader must find: shape, and values in C order."""
    expected[name] = {"shape": list(array.shape), "values": np.asarray(array, dtype=np.float64).ravel().tolist()}


def npy(name, array, version=None):
    with open(here / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)
    keep(name, array)


here.mkdir(exist_ok=True)
for dtype in ["bool", "i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8"]:
    info = np.iinfo(dtype) if dtype != "bool" else None
    if info is None:
        array = rng.integers(0, 2, (4, 3)).astype(bool)
    else:
        # Within what float32 holds exactly, and the extremes of small types.
        low, high = max(info.min, -(2**24)), min(info.max, 2**24)
        array = rng.integers(low, high, (4, 3), endpoint=True).astype(dtype)
        array[0, 0], array[3, 2] = low, high
    npy("c_" + dtype.replace("<", "le_").replace(">", "be_"), array)
for dtype in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
    array = rng.normal(size=(4, 3)).astype(dtype)
    array[0] = [0, -0.0, 6e-8]
    npy("c_" + dtype.replace("<", "le_").replace(">", "be_"), array)

npy("fortran_4d", np.asfortranarray(rng.integers(0, 256, (5, 3, 4, 2)).astype("u1")))
npy("fortran_f8", np.asfortranarray(rng.normal(size=(6, 5)).astype(">f8")))
npy("version2", rng.normal(size=(3, 2)).astype("f4"), version=(2, 0))
npy("version3", rng.normal(size=(3, 2)).astype("f4"), version=(3, 0))
first = rng.integers(0, 256, (4, 3, 5, 6)).astype("u1")
npy("channels_first", first)
keep("channels_last", first.transpose(0, 2, 3, 1))
np.save(here / "names_unicode.npy", np.array(["Zoë", "b", "", "long name"]))
np.save(here / "names_bytes.npy", np.array([b"a", b"bc"]))
np.save(here / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(here / "records.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]))
np.save(here / "complex.npy", np.zeros((2, 2), dtype="c8"))

# Archives with an official test part, as Keras writes them.
x_train, x_test = (rng.integers(0, 256, (n, 4, 4)).astype("u1") for n in (24, 6))
y_train, y_test = (np.arange(n).astype("u1") % 3 for n in (24, 6))
arrays = {"x_train": x_train, "y_train": y_train.reshape(-1, 1), "x_test": x_test, "y_test": y_test}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
for name, array in arrays.items():
    keep(f"npz_{name}", array)
# The same with the 64-bit structures of archives beyond 4 GiB.
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 10, 1
np.savez_compressed(here / "zip64.npz", **arrays)

# SVHN: X [height, width, channels, rows], y [rows, 1] with 10 for the digit 0.
for part, count in (("train", 12), ("test", 3)):
    images = rng.integers(0, 256, (4, 4, 3, count)).astype("u1")
    labels = (np.arange(count) % 10 + 1).reshape(-1, 1)
    keep(f"svhn_{part}", images.transpose(3, 0, 1, 2))
    for kind, compressed, dtype in (("compressed", True, "u1"), ("plain", False, "f8")):
        folder = here / f"svhn_{kind}"
        folder.mkdir(exist_ok=True)
        savemat(folder / f"{part}_32x32.mat", {"X": images, "y": labels.astype(dtype)}, do_compression=compressed)

# IDX: big-endian header and numbers; gzipped on one side.
mnist = here / "mnist"
mnist.mkdir(exist_ok=True)
for part, count in (("train", 20), ("t10k", 5)):
    images = rng.integers(0, 256, (count, 6, 5)).astype("u1")
    labels = (np.arange(count) % 4).astype("u1")
    keep(f"mnist_{part}", images)
    for what, array, code in (("images-idx3", images, 8), ("labels-idx1", labels, 8)):
        data = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        data += array.tobytes()
        name = mnist / f"{part}-{what}-ubyte"
        if part == "train":
            (name.parent / f"{name.name}.gz").write_bytes(gzip.compress(data, mtime=0))
        else:
            name.write_bytes(data)

(here / "expected.json").write_text(json.dumps(expected) + "\n")
