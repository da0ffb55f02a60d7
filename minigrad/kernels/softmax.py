"""Softmax and its logarithm, a thread for each row of numbers that belong together.

Each thread goes along its row three times; after the first the row is in the cache. That is right for short rows: with
long ones there would be few threads, and each would have much to do.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels.kernel import Kernel, fit_a_kernel

LONGEST = 64  # numbers in a row

# A row's numbers lie `apart` from each other, and between them those of other rows.
_ROW = """
    const ptrdiff_t before = i / apart;
    const ptrdiff_t first = before * length * apart + (i - before * apart), end = first + (ptrdiff_t) length * apart;
"""
_SUM_OF_EXPS = f"""
    {_ROW}
    T largest = x[first], sum = 0;
    for (ptrdiff_t k = first; k < end; k += apart) if (x[k] > largest) largest = x[k];
    for (ptrdiff_t k = first; k < end; k += apart) sum += exp(x[k] - largest);
"""

softmax_forward = Kernel(
    "softmax_forward",
    "raw T x, int32 length, int64 apart",
    "raw T y",
    f"{_SUM_OF_EXPS} for (ptrdiff_t k = first; k < end; k += apart) y[k] = exp(x[k] - largest) / sum;",
)
log_softmax_forward = Kernel(
    "log_softmax_forward",
    "raw T x, int32 length, int64 apart",
    "raw T y",
    f"{_SUM_OF_EXPS} for (ptrdiff_t k = first; k < end; k += apart) y[k] = x[k] - largest - log(sum);",
)
softmax_backward = Kernel(
    "softmax_backward",
    "raw T dout, raw T y, int32 length, int64 apart",
    "raw T dx",
    f"""
    {_ROW}
    T sum = 0;
    for (ptrdiff_t k = first; k < end; k += apart) sum += dout[k] * y[k];
    for (ptrdiff_t k = first; k < end; k += apart) dx[k] = y[k] * (dout[k] - sum);
    """,
)
log_softmax_backward = Kernel(
    "log_softmax_backward",
    "raw T dout, raw T y, int32 length, int64 apart",
    "raw T dx",
    f"""
    {_ROW}
    T sum = 0;
    for (ptrdiff_t k = first; k < end; k += apart) sum += dout[k];
    for (ptrdiff_t k = first; k < end; k += apart) dx[k] = dout[k] - exp(y[k]) * sum;
    """,
)


def has_short_rows(x: Array, axis: int | None) -> bool:
    """Whether x is on a GPU, of a dtype that kernels take, and its rows along `axis` are such as they take."""
    return axis is not None and fit_a_kernel(x) and 0 < x.shape[axis] <= LONGEST


def along(axis: Any, kernel: Kernel, *arrays: Array) -> Array:
    """What `kernel` makes of the rows along `axis`."""
    xp = array_module(arrays[0])
    arrays = tuple(map(xp.ascontiguousarray, arrays))
    out = xp.empty_like(arrays[0])
    length, apart = out.shape[axis], math.prod(out.shape[axis:][1:])
    kernel(*arrays, length, apart, out, size=out.size // length)
    return out
