"""Batch- and layer-norm, along the rows of a matrix: the sums, and what is made of each number.

A row may be millions of numbers long, and there may be only six of them. So many threads share a row: thread t takes
its numbers t, t + parts, t + 2 parts, ..., and neighbouring threads read neighbouring numbers. That leaves `parts` sums
of a row, few enough for CuPy to add up.
"""

from __future__ import annotations

from minigrad.backend import Array, array_module
from minigrad.kernels.kernel import Kernel

THREADS = 2**17  # in all: enough to keep a large GPU's memory busy
SIDE_BY_SIDE = 32  # threads that take one step together, at least so many a row

# Four numbers are fetched before the first is added, or else a thread would mostly wait. (There are fewer than 2**32
# parts, and to divide is quick in 32 bits.)
ALONG_A_PART = """
    const ptrdiff_t row = (unsigned) i / parts, end = (row + 1) * length;
    #pragma unroll 4
    for (ptrdiff_t k = row * length + (unsigned) i % parts; k < end; k += parts)
"""
means = Kernel(
    "means",
    "raw T x, int64 length, int32 parts",
    "raw T out",
    f"T sum = 0; {ALONG_A_PART} sum += x[k]; out[i] = sum / (length ? length : 1);",
)
variances = Kernel(
    "variances",
    "raw T x, raw T mean, int64 length, int32 parts",
    "raw T out",
    f"T sum = 0; {ALONG_A_PART} sum += (x[k] - mean[row]) * (x[k] - mean[row]); out[i] = sum / (length ? length : 1);",
)
sums = Kernel(
    "sums",
    "raw T g, raw T x, raw T mean, int64 length, int32 parts",
    "raw T sums, raw T products",
    f"""
    T sum = 0, product = 0;
    {ALONG_A_PART} {{
        sum += g[k];
        product += g[k] * (x[k] - mean[row]);
    }}
    sums[i] = sum;
    products[i] = product;
    """,
)

# For each number; columns, rows and numbers are broadcast.
standardized = Kernel(
    "standardized", "T x, T mean, T std, T weight, T bias", "T out", "out = (x - mean) * (weight / std) + bias;"
)
normalization_backward = Kernel(
    "normalization_backward",
    "T g, T x, T mean, T std, T sum, T product, T scale, T n",
    "T dx",
    "dx = scale * (g - (sum + (x - mean) * product / (std * std)) / n);",
)
# In place: the running mean and variance go a share of the way to a batch's. rest: 1 - share. unbiased: n / (n - 1).
follow = Kernel(
    "follow",
    "T mean, T var, T share, T rest, T unbiased",
    "S running_mean, S running_var",
    """
    running_mean = running_mean * rest + mean * share;
    running_var = running_var * rest + var * unbiased * share;
    """,
)


def added_up(kernel: Kernel, *arrays: Array, outputs: int = 1) -> Array:
    """The sums of the rows of arrays[0] that `kernel` makes in parts: (outputs, rows, 1)."""
    rows, length = arrays[0].shape
    parts = max(1, min(length, max(THREADS // max(1, rows), SIDE_BY_SIDE)))
    in_parts = array_module(arrays[0]).empty((outputs, rows, parts), arrays[0].dtype)
    kernel(*arrays, length, parts, *in_parts, size=rows * parts)
    return in_parts.sum(axis=2, keepdims=True)
