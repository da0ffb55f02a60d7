"""Interpolation on a GPU: a thread for each new number, which goes through the old ones that it is made of.

Images lie as (C, H, W, N), the batch innermost: neighbouring threads read and write side by side.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.backend import Array, array_module
from minigrad.kernels.kernel import Kernel

# Along the axis the images have `length` pieces of `inner` numbers each, and out has `size`. What is not 0 in a row of
# the matrix stands side by side, from begin to end.
_MIX = Kernel(
    "mix",
    "raw T matrix, raw int32 begin, raw int32 end, raw T images, int32 length, int32 size, int32 inner",
    "raw T out",
    """
    const unsigned piece = i >> 31 ? i / inner : (unsigned) i / inner;
    const int n = i - (ptrdiff_t) piece * inner, h = piece % size, o = piece / size;
    T sum = 0;
    for (int p = begin[h]; p < end[h]; p++) {
        sum += matrix[(ptrdiff_t) h * length + p] * images[((ptrdiff_t) o * length + p) * inner + n];
    }
    out[i] = sum;
    """,
)


def mix(matrix: np.ndarray, images: Array, axis: int) -> Array:
    """matrix @ images along an axis, without the products with 0."""
    xp, used = array_module(images), matrix != 0
    begin = used.argmax(axis=1)
    band = (xp.asarray(ends.astype(np.int32)) for ends in (begin, begin + used.sum(axis=1)))
    weights = xp.asarray(matrix.astype(images.dtype, order="C"))
    before, after = images.shape[:axis], images.shape[axis + 1 :]
    out = xp.empty((*before, len(matrix), *after), images.dtype)
    _MIX(weights, *band, images, matrix.shape[1], len(matrix), math.prod(after), out, size=out.size)
    return out
