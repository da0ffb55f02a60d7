"""Large arrays in memory that is used again.

A training step asks for the same large arrays as the one before. The C library gives freed memory of that size back to
the system, which hands it out again page by page, each filled with zeros first: for a convolutional net that is a
quarter of a step's time. Here an array's memory waits, when the array is gone, for the next array of its size.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

LARGE = 2**20  # bytes: smaller arrays are left to NumPy
MOST_IDLE = 2**28  # bytes that may wait


def empty(shape: tuple[int, ...], dtype: Any, xp: Any = np) -> Any:
    """`xp.empty(shape, dtype)`, in memory that was used before where there is some. (CuPy does this by itself.)"""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < LARGE or xp is not np:
        return xp.empty(shape, dtype)
    return np.asarray(_Loan(_waiting.take(size), shape, np.dtype(dtype)))


def zeros(shape: tuple[int, ...], dtype: Any, xp: Any = np) -> Any:
    """`xp.zeros(shape, dtype)`, likewise."""
    array = empty(shape, dtype, xp)
    array.fill(0)
    return array


def empty_like(x: Any, dtype: Any = None, xp: Any = np) -> Any:
    """`xp.empty_like(x, dtype)`, likewise: with the axes of x in the order in which they lie in memory."""
    axes = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    array = empty(tuple(x.shape[axis] for axis in axes), dtype or x.dtype, xp)
    return array.transpose([axes.index(axis) for axis in range(x.ndim)])


class _Loan:
    """Memory on loan to an array, whose `base` this is. It goes back when nothing refers to the array any more."""

    def __init__(self, memory: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._memory = memory
        self.__array_interface__ = {
            "version": 3,
            "data": memory.__array_interface__["data"],
            "shape": shape,
            "typestr": dtype.str,
        }

    def __del__(self) -> None:
        if _waiting is not None:  # as it is when Python ends
            _waiting.put(self._memory)


class _Waiting:
    """Memory that waits to be used again, by its size; the longest unused is let go first."""

    def __init__(self) -> None:
        self._by_size: OrderedDict[int, list[np.ndarray]] = OrderedDict()
        self._idle = 0
        self._lock = threading.RLock()  # a loan can end while its thread is in here

    def take(self, size: int) -> np.ndarray:
        with self._lock:
            pieces = self._by_size.get(size)
            if pieces:
                self._idle -= size
                return pieces.pop()
        return np.empty(size, np.uint8)

    def put(self, memory: np.ndarray) -> None:
        with self._lock:
            self._by_size.setdefault(memory.size, []).append(memory)
            self._by_size.move_to_end(memory.size)
            self._idle += memory.size
            while self._idle > MOST_IDLE:
                size, pieces = next(iter(self._by_size.items()))
                if pieces:
                    pieces.pop()
                    self._idle -= size
                if not pieces:
                    del self._by_size[size]


_waiting = _Waiting()
