"""Max-pooling: of what each window sees, only the largest number goes on.

    out[n, c, h, v] = max over i, j of x[n, c, h stride + i, v stride + j]

out depends on one element of the window alone, with derivative 1, so in the backward pass the whole of dout goes to
that element, and the others get nothing. If several are equally large, the first takes all, row by row: then what a
window hands back is what it was given, neither more nor less.

The largest of a window is the largest of its rows' largest. So the fast pair first goes across, then down; each time it
notes which place won, and the way back is the same in reverse. Like convolution it keeps the batch innermost (see
`windows`), and it goes through the images some rows at a time, so few that they stay in the processor's cache; threads
share the channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from minigrad.backend import Array, ShapeError, array_module, only_where
from minigrad.ops.windows import Pads, Two, batch_first, batch_last, every, lay, reach, two, without_border
from minigrad.threads import share

CACHE_BYTES, GPU_BYTES = 2**20, 2**28  # how much of the images a step may take


@dataclass(frozen=True)
class Windows:
    """Where the windows lie. Each setting is (height, width); pads are ((top, bottom), (left, right)).

    rows, columns: how many windows there are downwards and across.
    """

    kernel: Two
    stride: Two
    dilation: Two
    pads: Pads
    rows: int
    columns: int


def max_pool2d_forward(
    x: Array,
    kernel_size: int | Two,
    stride: int | Two | None = None,
    padding: int | Two = 0,
    dilation: int | Two = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
):
    """The largest number in each window of x (N, C, H, W): out (N, C, Ho, Wo), and the cache.

    kernel_size: of the window. stride: it moves so many pixels at a time (kernel_size, if None). padding: a border that
    never wins. dilation: the elements of a window lie so many pixels apart. Each is one number, or (height, width).
    ceil_mode: a last window that is only partly on the image counts too.
    return_indices: then out is (out, indices), with the place of each maximum in its H x W plane, counted row by row.

    Ho = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1 (rounded up in ceil_mode), and Wo likewise.
    """
    windows = _windows(x, kernel_size, stride, padding, dilation, ceil_mode)
    xp = array_module(x)
    images = batch_last(x, windows.pads, _least(x.dtype))
    channels, height, _, batch = images.shape
    out = xp.empty((channels, windows.rows, windows.columns, batch), x.dtype)
    # Which place of a row won, and then which row; at first those that are the first inside the border.
    across = _first_inside(1, windows, (channels, height, windows.columns, batch), xp)
    down = _first_inside(0, windows, out.shape, xp)

    def walk(mine: range) -> None:
        for c, rows, seen in _steps(mine, images, windows):
            largest = _first_maximum(_across(images[c, seen], windows), across[c, seen])
            out[c, rows] = _first_maximum(_down(largest, windows), down[c, rows])

    share(walk, channels, 4 * images.size)
    cache = x.shape, across, down, windows
    if return_indices:
        return (batch_first(out), batch_first(_indices(across, down, windows, x.shape[3]))), cache
    return batch_first(out), cache


def max_pool2d_backward(dout: Array | tuple, cache):
    """dout (N, C, Ho, Wo). Returns dx (N, C, H, W): each dout goes to where its maximum was, and is added there.

    First down, to the row that won in each window; then across, to the place that won in each row.
    """
    shape, across, down, windows = cache
    dout = batch_last(dout[0] if isinstance(dout, tuple) else dout)
    xp = array_module(dout)
    (top, bottom), (left, right) = windows.pads
    dimages = xp.zeros((shape[1], top + shape[2] + bottom, left + shape[3] + right, shape[0]), dout.dtype)

    def walk(mine: range) -> None:
        for c, rows, seen in _steps(mine, dimages, windows):
            dlargest = xp.zeros((seen.stop - seen.start, *dout.shape[2:]), dout.dtype)
            for i, row in enumerate(_down(dlargest, windows)):
                row += only_where(down[c, rows] == i, dout[c, rows])
            for j, place in enumerate(_across(dimages[c, seen], windows)):
                place += only_where(across[c, seen] == j, dlargest)

    share(walk, len(dimages), 4 * dimages.size)
    return batch_first(without_border(dimages, windows.pads))


def _first_maximum(candidates: list[Array], place: Array) -> Array:
    """The largest of the candidates, element by element; `place` becomes the number of the first that has it.

    NaN counts as larger than anything, and the last one is taken, as in PyTorch.
    """
    xp, best = array_module(place), candidates[0]
    for i, candidate in enumerate(candidates[1:], start=1):
        better = candidate > best
        if best.dtype.kind == "f":
            better |= xp.isnan(candidate)
        best = xp.maximum(best, candidate)
        xp.maximum(place, xp.multiply(better, i, dtype=place.dtype), out=place)
    return best


def _first_inside(axis: int, windows: Windows, shape: tuple[int, ...], xp) -> Array:
    """For each window, downwards (axis 0) or across (1), the first of its places that is not on the border."""
    starts = np.arange((windows.rows, windows.columns)[axis]) * windows.stride[axis]
    first = np.maximum(-(-(windows.pads[axis][0] - starts) // windows.dilation[axis]), 0)
    first = xp.asarray(first, np.min_scalar_type(windows.kernel[axis])).reshape((-1, 1, 1) if axis == 0 else (-1, 1))
    return xp.broadcast_to(first, shape).copy()


def _across(images: Array, windows: Windows) -> list[Array]:
    """The elements of (..., W, N) at each of the kw places of a window."""
    hole, step = windows.dilation[1], windows.stride[1]
    return [images[..., every(j * hole, windows.columns, step), :] for j in range(windows.kernel[1])]


def _down(rows: Array, windows: Windows) -> list[Array]:
    """The rows of (..., H, columns, N) at each of the kh places of a window."""
    hole, step = windows.dilation[0], windows.stride[0]
    count = (rows.shape[-3] - reach(windows.kernel[0], hole)) // step + 1
    return [rows[..., every(i * hole, count, step), :, :] for i in range(windows.kernel[0])]


def _steps(channels: range, images: Array, windows: Windows) -> Iterator[tuple[int | slice, slice, slice]]:
    """Steps in which what is looked at stays in the cache: a channel, rows of windows, the rows that these see."""
    _, _, width, batch = images.shape
    budget = CACHE_BYTES if isinstance(images, np.ndarray) else GPU_BYTES
    step = max(1, budget // max(1, windows.stride[0] * width * batch * images.itemsize))
    for c, first in product(channels, range(0, windows.rows, step)):
        last = min(first + step, windows.rows) - 1
        seen = slice(
            first * windows.stride[0], last * windows.stride[0] + reach(windows.kernel[0], windows.dilation[0])
        )
        yield c, slice(first, last + 1), seen


def _indices(across: Array, down: Array, windows: Windows, width: int) -> Array:
    """Where in its plane, counted row by row, each maximum was: (C, Ho, Wo, N) int64."""
    xp = array_module(across)
    column = xp.zeros(down.shape, np.int64)
    for i, place in enumerate(_down(across, windows)):
        column += only_where(down == i, place.astype(np.int64))
    (top, _), (left, _) = windows.pads
    first_row = windows.stride[0] * xp.arange(windows.rows).reshape(-1, 1, 1) - top
    first_column = windows.stride[1] * xp.arange(windows.columns).reshape(-1, 1) - left
    row = first_row + windows.dilation[0] * down.astype(np.int64)
    return row * width + first_column + windows.dilation[1] * column


# -- on the blackboard -------------------------------------------------------------------------------------------------


def max_pool2d_forward_naive(
    x: Array,
    kernel_size: int | Two,
    stride: int | Two | None = None,
    padding: int | Two = 0,
    dilation: int | Two = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
):
    """`max_pool2d_forward`, window by window and place by place."""
    windows = _windows(x, kernel_size, stride, padding, dilation, ceil_mode)
    batch, channels, _, width = x.shape
    out = np.zeros((batch, channels, windows.rows, windows.columns), x.dtype)
    indices = np.zeros(out.shape, np.int64)
    for n, c, h, v in np.ndindex(out.shape):
        best = None
        for row, column in _inside(windows, h, v, x):
            if best is None or x[n, c, row, column] > x[n, c, *best] or np.isnan(x[n, c, row, column]):
                best = row, column
        out[n, c, h, v] = x[n, c, *best]
        indices[n, c, h, v] = best[0] * width + best[1]
    return ((out, indices) if return_indices else out), (x.shape, indices)


def max_pool2d_backward_naive(dout: Array | tuple, cache):
    """`max_pool2d_backward`, window by window."""
    shape, indices = cache
    dout = dout[0] if isinstance(dout, tuple) else dout
    dx = np.zeros(shape, dout.dtype)
    for n, c, h, v in np.ndindex(dout.shape):
        dx[n, c, *divmod(indices[n, c, h, v], shape[3])] += dout[n, c, h, v]
    return dx


def _inside(windows: Windows, h: int, v: int, x: Array) -> Iterator[tuple[int, int]]:
    """The rows and columns that window (h, v) sees, row by row, without those on the border."""
    for i, j in product(*map(range, windows.kernel)):
        row = h * windows.stride[0] + i * windows.dilation[0] - windows.pads[0][0]
        column = v * windows.stride[1] + j * windows.dilation[1] - windows.pads[1][0]
        if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
            yield row, column


# -- settings ----------------------------------------------------------------------------------------------------------


def _windows(
    x: Array, kernel_size: int | Two, stride: int | Two | None, padding: int | Two, dilation: int | Two, ceil_mode: bool
) -> Windows:
    """The settings, checked, with the number of windows."""
    if x.ndim != 4:
        raise ShapeError(f"max_pool2d: x must be (N, C, H, W), got x.shape = {x.shape}.")
    kernel = two(kernel_size, "max_pool2d", "kernel_size", 1)
    step = kernel if stride is None else two(stride, "max_pool2d", "stride", 1)
    holes = two(dilation, "max_pool2d", "dilation", 1)
    border = two(padding, "max_pool2d", "padding", 0)
    (rows, columns), pads = lay("max_pool2d", x.shape[2:], kernel, step, border, holes, ceil_mode)
    return Windows(kernel, step, holes, pads, rows, columns)


def _least(dtype: np.dtype) -> float:
    """What a border is filled with, so that it never wins."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
