"""Numbers and arrays as they travel: JSON has no NaN and no arrays of numbers worth the name."""

from __future__ import annotations

import math
import os
import re
import struct
import sys
from array import array as _array
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

Wire = Union[int, float, str]


def number(value: Any, name: str = "value") -> Wire:
    """A number as JSON can carry it: NaN and the infinities travel as text."""
    given = value
    if not isinstance(value, (int, float)) and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53:
        return value
    try:
        converted = float(value)
    except OverflowError:
        converted = math.inf if value > 0 else -math.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {type(given).__name__}") from None
    if math.isnan(converted):
        return "NaN"
    if math.isinf(converted):
        return "Infinity" if converted > 0 else "-Infinity"
    return converted


def numbers(metrics: Optional[Mapping[str, Any]], more: Mapping[str, Any]) -> Dict[str, Wire]:
    return {str(name): number(value, str(name)) for name, value in {**(metrics or {}), **more}.items()}


def float32(array: Any) -> Tuple[Tuple[int, ...], bytes]:
    """Shape and little-endian float32 bytes, row-major, of a NumPy array, a tensor, a buffer or nested sequences."""
    if hasattr(array, "detach"):
        array = array.detach()
        # NumPy has no bfloat16.
        if hasattr(array, "float"):
            array = array.float()
        array = array.cpu()
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(array, "__array__"):
        values = numpy.ascontiguousarray(numpy.asarray(array), dtype="<f4")
        return tuple(int(size) for size in values.shape), values.tobytes()
    if not hasattr(array, "tolist"):
        try:
            array = memoryview(array)
        except TypeError:
            pass
    nested = array.tolist() if hasattr(array, "tolist") else array
    shape: List[int] = []
    level = nested
    while isinstance(level, (list, tuple)):
        shape.append(len(level))
        if not level:
            break
        level = level[0]
    flat = _array("f")
    _flatten(nested, shape, flat)
    if sys.byteorder == "big":
        flat.byteswap()
    return tuple(shape), flat.tobytes()


def _flatten(nested: Any, shape: List[int], out: Any) -> None:
    if not shape:
        out.append(_as_float(nested))
        return
    if not isinstance(nested, (list, tuple)) or len(nested) != shape[0]:
        raise ValueError("an embedding's rows must have equal lengths")
    for item in nested:
        _flatten(item, shape[1:], out)


def _as_float(value: Any) -> float:
    # Beyond the range of float32 `array` raises, where NumPy and torch round to infinity.
    wide = float(value)
    return math.copysign(math.inf, wide) if math.isfinite(wide) and abs(wide) > 3.4028235677973366e38 else wide


def write_npy(file: Path, shape: Tuple[int, ...], data: bytes) -> None:
    """Little-endian float32 in NumPy's format, version 1.0: the file is there whole or not at all."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}".encode("latin-1")
    padding = -(10 + len(header) + 1) % 64
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    with open(str(temporary), "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + padding + 1) + header + b" " * padding + b"\n" + data)
    os.replace(str(temporary), str(file))


def file_name(name: str, step: Optional[int]) -> str:
    """A name that is safe in a folder, whatever the array is called."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:80] or "embedding"
    return f"{safe}.npy" if step is None else f"{safe}-{step}.npy"
