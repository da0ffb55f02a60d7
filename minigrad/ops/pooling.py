"""Max-pooling: of what each window sees, only the largest number goes on.

    out[n, c, h, v] = max over i, j of x[n, c, h stride + i, v stride + j]

out depends on one element of the window alone, with derivative 1, so in the backward pass the whole of dout goes to
that element, and the others get nothing. If several are equally large, the first takes all, row by row: then what a
window hands back is what it was given, neither more nor less.

The fast pair goes place by place: the elements at one place of all windows are one slice of the image (see `windows`),
so the maximum is that of kh kw slices, and who won is which slice first equals it. It does so some channels at a time,
or some rows of one, so few that they stay in the processor's cache; threads share the channels. On a GPU it is one
kernel each way.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import product

import numpy as np

from minigrad import memory
from minigrad.backend import Array, ShapeError, array_module, is_on_host, only_where
from minigrad.kernels import pooling as kernels
from minigrad.ops.windows import (
    NO_PADS,
    Two,
    Windows,
    batch_first,
    batch_last,
    count,
    every,
    lay,
    reach,
    two,
    without_border,
)
from minigrad.threads import share

CACHE_BYTES = 2**20  # how much of the images a step may take


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
    out = memory.empty((x.shape[1], windows.rows, windows.columns, len(x)), x.dtype, xp)
    winners = memory.empty(out.shape, np.min_scalar_type(windows.kernel[0] * windows.kernel[1]), xp)
    if is_on_host(x):
        images = batch_last(x, windows.pads, _least(x.dtype))
        inside = batch_last(np.ones((1, 1, *x.shape[2:]), bool), windows.pads)

        def walk(mine: range) -> None:
            for c, rows, seen in _steps(mine, images, windows):
                places = _places(images[c, seen], windows)
                largest = functools.reduce(np.maximum, places)
                eligible = _places(inside[:, seen], windows) if windows.pads != NO_PADS else None
                out[c, rows], winners[c, rows] = largest, _winners(places, largest, eligible)

        share(walk, len(images), windows.kernel[0] * windows.kernel[1] * out.size)
    else:
        images, sizes = batch_last(x), windows.sizes(x.shape)
        kernels.max_pool2d_forward(images, _least(x.dtype), *sizes, out, winners, size=out.size, **windows.sliding)
    cache = x.shape, winners, windows
    if return_indices:
        return (batch_first(out), batch_first(_indices(winners, windows, x.shape[3]))), cache
    return batch_first(out), cache


def max_pool2d_backward(dout: Array | tuple, cache):
    """dout (N, C, Ho, Wo). Returns dx (N, C, H, W): place by place, dout where the place has won; overlaps add up."""
    shape, winners, windows = cache
    dout = batch_last(dout[0] if isinstance(dout, tuple) else dout)
    if not is_on_host(dout):
        dimages = array_module(dout).empty((*shape[1:], shape[0]), dout.dtype)
        sizes, threads = windows.sizes(shape), windows.steps(shape)
        kernels.max_pool2d_backward(dout, winners, *sizes, dimages, size=threads, **windows.sliding)
        return batch_first(dimages)
    (top, bottom), (left, right) = windows.pads
    dimages = memory.zeros((shape[1], top + shape[2] + bottom, left + shape[3] + right, shape[0]), dout.dtype)

    spans = [reach(k, hole) for k, hole in zip(windows.kernel, windows.dilation, strict=True)]
    apart = all(span <= step for span, step in zip(spans, windows.stride, strict=True))  # so there is nothing to add to

    def walk(mine: range) -> None:
        for c, rows, seen in _steps(mine, dimages, windows):
            for number, place in enumerate(_places(dimages[c, seen], windows)):
                if apart:
                    only_where(winners[c, rows] == number, dout[c, rows], out=place)
                else:
                    place += only_where(winners[c, rows] == number, dout[c, rows])

    share(walk, len(dimages), windows.kernel[0] * windows.kernel[1] * dout.size)
    return batch_first(without_border(dimages, windows.pads))


def _places(images: Array, windows: Windows) -> list[Array]:
    """The elements of (C, H, W, N) at each place of a window, row by row: each (C, rows, columns, N)."""
    (kh, kw), (down, across), (hole_down, hole_across) = windows.kernel, windows.stride, windows.dilation
    rows = count(images.shape[1], kh, down, hole_down)
    return [
        images[:, every(i * hole_down, rows, down), every(j * hole_across, windows.columns, across)]
        for i, j in product(range(kh), range(kw))
    ]


def _winners(places: list[Array], largest: Array, eligible: list[Array] | None) -> Array:
    """For each window the number of the first place that has the maximum. If that is NaN, of the last, as in PyTorch.

    eligible: for each place whether it is on the image, and not on its border (which may be as small as it is).
    """
    most = len(places)
    dtype = np.min_scalar_type(most)
    precedence = np.zeros(largest.shape, dtype)  # `most` for the first place, 1 for the last
    for number, place in enumerate(places):
        has_it = place == largest
        if eligible is not None:
            has_it &= eligible[number]
        np.maximum(precedence, np.multiply(has_it, most - number, dtype=dtype), out=precedence)
    winners = most - precedence
    if (precedence == 0).any():  # NaN equals nothing
        for number, place in enumerate(places):
            np.copyto(winners, number, where=np.isnan(place))
    return winners


def _steps(channels: range, images: Array, windows: Windows) -> Iterator[tuple[slice, slice, slice]]:
    """Steps in which what is looked at stays in the cache: channels, rows of windows, the rows that these see.

    That is some channels with all their rows, or, if already one is too large, some rows of one.
    """
    _, _, width, batch = images.shape
    row = max(1, windows.stride[0] * width * batch * images.itemsize)
    together, step = (max(1, CACHE_BYTES // size) for size in (windows.rows * row, row))
    for c, first in product(channels[::together], range(0, windows.rows, step)):
        last = min(first + step, windows.rows) - 1
        seen = slice(
            first * windows.stride[0], last * windows.stride[0] + reach(windows.kernel[0], windows.dilation[0])
        )
        yield slice(c, min(c + together, channels.stop)), slice(first, last + 1), seen


def _indices(winners: Array, windows: Windows, width: int) -> Array:
    """Where in its plane, counted row by row, each maximum was: (C, Ho, Wo, N) int64."""
    xp = array_module(winners)
    (top, _), (left, _) = windows.pads
    i, j = xp.divmod(winners.astype(np.int64), windows.kernel[1])
    row = windows.stride[0] * xp.arange(windows.rows)[:, None, None] + windows.dilation[0] * i - top
    column = windows.stride[1] * xp.arange(windows.columns)[:, None] + windows.dilation[1] * j - left
    return row * width + column


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
        seen = list(_inside(windows, h, v, x))
        best = seen[0]
        for place in seen:
            if x[n, c, *place] > x[n, c, *best] or np.isnan(x[n, c, *place]):
                best = place
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
    return lay("max_pool2d", x.shape[2:], kernel, step, border, holes, ceil_mode)


def _least(dtype: np.dtype) -> float:
    """What a border is filled with, so that it never wins."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
