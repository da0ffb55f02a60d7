"""Arrays as plain data, for JSON: all elements of a small one, and of a large one what can be taken in.

    {"shape": [2], "dtype": "float32", "values": [1.5, "nan"], "min": ..., "mean": ..., "max": ..., "zeros": 0.0}

values: flat, in C order, None if there are more than FULL. What is not finite is "nan", "inf" or "-inf", since JSON has
no word for it; Python's float() and JavaScript's Number() (for "nan") read them.
A large array has `tiles` in place of values: its last two axes as a picture, for the first few places on the axes
before them, each cell a whole number from 0 to 255 on the way from `min` to `max`.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from minigrad.backend import Array, to_host

FULL = 128  # elements, up to which all are told
TILES, TILE_ROWS, TILE_COLUMNS = 16, 40, 128  # how many pictures, of how many cells


def plain(array: Array | None) -> dict[str, Any] | None:
    """`array` as plain data; None for None, which is "no gradient yet", or a value that nobody kept."""
    if array is None:
        return None
    host = np.asarray(to_host(array))
    data: dict[str, Any] = {"shape": list(host.shape), "dtype": str(host.dtype)}
    if host.size <= FULL:
        data["values"] = [number(value) for value in host.ravel()]
    if host.size > 1:
        data |= _statistics(host)
    if host.size > FULL:
        data |= {"values": None, **_pictures(host, data["min"], data["max"])}
    return data


def number(value: Any) -> float | int | bool | str:
    """One element as a JSON number: a float32 by its shortest digits, which read back as the same float32."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if math.isfinite(value):
        return float(str(value))
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _statistics(host: np.ndarray) -> dict[str, Any]:
    """min, mean, max and the share of zeros; of the finite elements, and how many are not."""
    finite = host[np.isfinite(host)]
    some: dict[str, Any] = dict.fromkeys(("min", "mean", "max"))
    if finite.size:
        # Divided before they are added up, so that the sum of the largest numbers does not overflow, but by a rounding.
        with np.errstate(over="ignore"):
            mean = (finite.astype(float) / finite.size).sum().clip(finite.min(), finite.max())
        some = {"min": number(finite.min()), "mean": _short(mean), "max": number(finite.max())}
    some["zeros"] = _short(np.mean(host == 0))
    if finite.size < host.size:
        some["not_finite"] = int(host.size - finite.size)
    return some


def _short(value: Any) -> float:
    return float(f"{value:.6g}")


def _pictures(host: np.ndarray, low: Any, high: Any) -> dict[str, Any]:
    """The tiles, as base64 of their cells row by row; how many rows and columns they have, and of which elements each
    cell is the mean (`pool`)."""
    sheets = host.reshape(-1, *(host.shape[-2:] if host.ndim > 1 else (1, host.size)))
    pool = [max(1, math.ceil(n / most)) for n, most in zip(sheets.shape[1:], (TILE_ROWS, TILE_COLUMNS), strict=True)]
    cells = [_pooled(sheet.astype(float), pool) for sheet in sheets[:TILES]]
    low, high = (0, 1) if low is None else (float(low), float(high))
    scaled = [np.nan_to_num((cell - low) / ((high - low) or 1) * 255).clip(0, 255) for cell in cells]
    return {
        "tiles": [base64.b64encode(cell.round().astype(np.uint8).tobytes()).decode() for cell in scaled],
        "tile_shape": list(cells[0].shape) if cells else [0, 0],
        "pool": pool,
        "sheets": len(sheets),
    }


def _pooled(sheet: np.ndarray, pool: list[int]) -> np.ndarray:
    """Means of blocks of pool[0] x pool[1] elements; those at the end may be smaller."""
    rows, columns = (np.arange(0, n, step) for n, step in zip(sheet.shape, pool, strict=True))
    sums = np.add.reduceat(np.add.reduceat(sheet, rows, axis=0), columns, axis=1)
    lengths = [
        np.diff(np.append(starts, n)).reshape(shape)
        for starts, n, shape in zip((rows, columns), sheet.shape, ((-1, 1), (1, -1)), strict=True)
    ]
    return sums / (lengths[0] * lengths[1])
