"""Average-pooling: of what each window sees, the mean goes on; the windows of a fixed size, or of as many as asked for.

    out[h, v] = 1/n Σ over i, j of x[h stride + i, v stride + j]

out depends on each element of its window with derivative 1/n, so backward hands 1/n of dout to each. Where windows
overlap, an element gets the sum.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np

from minigrad.backend import Array, DtypeError, ShapeError, array_module, float16, float32
from minigrad.kernels import pooling as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.ops.windows import NO_PADS, Two, Windows, batch_first, batch_last, every, lay, two, without_border

ONE = (1, 1)


def avg_pool2d_forward(
    x: Array,
    kernel_size: int | Two,
    stride: int | Two | None = None,
    padding: int | Two = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
):
    """The mean of each window of x (N, C, H, W): out (N, C, Ho, Wo), and the cache.

    kernel_size, stride, padding, ceil_mode: as in `max_pool2d`; the border is zeros.
    count_include_pad: the border counts in n (but not what a last window of ceil_mode sees beyond it).
    divisor_override: n.
    """
    windows, border = _settings(x, kernel_size, stride, padding, ceil_mode)
    if divisor_override is not None and (not isinstance(divisor_override, int) or divisor_override == 0):
        raise ValueError(f"avg_pool2d: divisor_override must be a whole number, and not 0, got {divisor_override!r}.")
    edge = border if count_include_pad else (0, 0)
    cache = x.shape, windows, edge, divisor_override
    if fit_a_kernel(x):
        return _means(x, windows, edge, divisor_override), cache
    images = batch_last(_wide(x), windows.pads)
    total = sum(images[:, rows, columns] for rows, columns in _places(windows))
    means = total / array_module(x).asarray(_numbers(*cache), images.dtype)
    return batch_first(means).astype(x.dtype, copy=False), cache


def avg_pool2d_backward(dout: Array, cache):
    """dout (N, C, Ho, Wo). Returns dx (N, C, H, W): dout / n, at each place of the window."""
    shape, windows, edge, divisor = cache
    if fit_a_kernel(dout):
        return _shares(dout, shape, windows, edge, divisor)
    (top, bottom), (left, right) = windows.pads
    xp = array_module(dout)
    images = batch_last(_wide(dout))
    each = images / xp.asarray(_numbers(shape, windows, edge, divisor), images.dtype)
    dimages = xp.zeros((shape[1], top + shape[2] + bottom, left + shape[3] + right, shape[0]), each.dtype)
    for rows, columns in _places(windows):
        dimages[:, rows, columns] += each
    return batch_first(without_border(dimages, windows.pads)).astype(dout.dtype, copy=False)


def _means(x: Array, windows: Windows, edge: Two, divisor: int | None) -> Array:
    """out, by a kernel."""
    out = array_module(x).empty((x.shape[1], windows.rows, windows.columns, len(x)), x.dtype)
    sizes, constants = windows.sizes(x.shape), _constants(windows, edge, divisor)
    kernels.avg_pool2d_forward(batch_last(x), *sizes, out, size=out.size, **constants)
    return batch_first(out)


def _shares(dout: Array, shape: tuple[int, ...], windows: Windows, edge: Two, divisor: int | None) -> Array:
    """dx, by a kernel."""
    dimages = array_module(dout).empty((*shape[1:], shape[0]), dout.dtype)
    sizes, constants = windows.sizes(shape), _constants(windows, edge, divisor)
    kernels.avg_pool2d_backward(batch_last(dout), *sizes, dimages, size=windows.steps(shape), **constants)
    return batch_first(dimages)


def _constants(windows: Windows, edge: Two, divisor: int | None) -> dict[str, int]:
    return {**windows.sliding, "EDGE_DOWN": edge[0], "EDGE_ACROSS": edge[1], "DIVISOR": divisor or 0}


def _places(windows: Windows):
    """For each place of a window the rows and the columns of it, in all windows."""
    for i, j in product(*map(range, windows.kernel)):
        yield every(i, windows.rows, windows.stride[0]), every(j, windows.columns, windows.stride[1])


def _numbers(shape: tuple[int, ...], windows: Windows, edge: Two, divisor: int | None) -> Any:
    """n of each window, (Ho, Wo, 1), or of all.

    edge: what lies on the border counts, too, if it is that near to the image.
    """
    if divisor is not None:
        return divisor
    high, wide = (_inside(axis, shape[2 + axis], windows, edge[axis]) for axis in (0, 1))
    return high[:, None, None] * wide[:, None]


def _inside(axis: int, length: int, windows: Windows, edge: int) -> np.ndarray:
    """How many rows (axis 0) or columns (1) of each window are on the image, or near enough to it."""
    count, step, border = (windows.rows, windows.columns)[axis], windows.stride[axis], windows.pads[axis][0]
    start = np.arange(count) * step - border
    return np.minimum(start + windows.kernel[axis], length + edge) - np.maximum(start, -edge)


def _settings(x: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool) -> tuple[Windows, Two]:
    """The windows, and the border around the image."""
    _check("avg_pool2d", x)
    kernel = two(kernel_size, "avg_pool2d", "kernel_size", 1)
    step = kernel if stride is None else two(stride, "avg_pool2d", "stride", 1)
    border = two(padding, "avg_pool2d", "padding", 0)
    return lay("avg_pool2d", x.shape[2:], kernel, step, border, ONE, ceil_mode), border


def _wide(x: Array) -> Array:
    """float16 is added up in float32: the sum of a window may be larger than its largest number, 65504."""
    return x.astype(float32) if x.dtype == float16 else x


def _check(name: str, x: Array) -> None:
    """Raise unless x is a batch of images that have means."""
    if x.ndim != 4:
        raise ShapeError(f"{name}: x must be (N, C, H, W), got x.shape = {x.shape}.")
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: expected floating-point images, got {x.dtype}. Convert them first: x.float().")


# -- as many windows as asked for --------------------------------------------------------------------------------------


def adaptive_avg_pool2d_forward(x: Array, output_size: int | tuple[int | None, int | None]):
    """The means of output_size (Ho, Wo) windows that cover x (N, C, H, W): out (N, C, Ho, Wo), and the cache.

    Window h reaches from row ⌊h H / Ho⌋ to, not including, row ⌈(h + 1) H / Ho⌉; likewise across. None keeps a length.
    """
    down, across = _parts(x, output_size)
    alike = _alike(down, across)
    if alike and fit_a_kernel(x):
        return _means(x, alike, (0, 0), None), (x.shape, down, across)
    xp, images = array_module(x), batch_last(_wide(x))
    channels, _, width, batch = images.shape
    rows = xp.empty((channels, len(down), width, batch), images.dtype)
    for h, (a, b) in enumerate(down):
        rows[:, h] = images[:, a:b].mean(axis=1)
    out = xp.empty((channels, len(down), len(across), batch), images.dtype)
    for v, (a, b) in enumerate(across):
        out[:, :, v] = rows[:, :, a:b].mean(axis=2)
    return batch_first(out).astype(x.dtype, copy=False), (x.shape, down, across)


def adaptive_avg_pool2d_backward(dout: Array, cache):
    """dout (N, C, Ho, Wo). Returns dx (N, C, H, W): across, then down, each element its share of its windows' dout."""
    shape, down, across = cache
    alike = _alike(down, across)
    if alike and fit_a_kernel(dout):
        return _shares(dout, shape, alike, (0, 0), None)
    batch, channels, height, width = shape
    xp, dout = array_module(dout), batch_last(dout)
    drows = xp.zeros((channels, len(down), width, batch), dout.dtype)
    for v, (a, b) in enumerate(across):
        drows[:, :, a:b] += dout[:, :, v : v + 1] / dout.dtype.type(b - a)
    dimages = xp.zeros((channels, height, width, batch), dout.dtype)
    for h, (a, b) in enumerate(down):
        dimages[:, a:b] += drows[:, h : h + 1] / dout.dtype.type(b - a)
    return batch_first(dimages)


def _parts(x: Array, output_size: Any) -> list[list[Two]]:
    """Where each window begins and ends, downwards and across."""
    _check("adaptive_avg_pool2d", x)
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    kept = [length if size is None else size for size, length in zip(sizes, x.shape[2:], strict=False)]
    counts = two(kept, "adaptive_avg_pool2d", "output_size", 0)
    if 0 in x.shape[1:]:
        raise ShapeError(f"adaptive_avg_pool2d: only the batch may be empty, got x.shape = {x.shape}.")
    return [
        [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
        for length, count in zip(x.shape[2:], counts, strict=True)
    ]


def _alike(down: list[Two], across: list[Two]) -> Windows | None:
    """Windows that are all of one size, equally far apart, as those of `avg_pool2d`. None if these are not.

    Several that all see the only row that there is are not apart at all.
    """
    axes = (down, across)
    sizes = [{b - a for a, b in parts} for parts in axes]
    steps = [{later[0] - earlier[0] for earlier, later in pairwise(parts)} for parts in axes]
    if any(len(size) != 1 or len(step) > 1 or 0 in step for size, step in zip(sizes, steps, strict=True)):
        return None
    (high,), (wide,) = sizes
    return Windows(
        (high, wide), (max(steps[0], default=high), max(steps[1], default=wide)), ONE, NO_PADS, *map(len, axes)
    )


# -- on the blackboard -------------------------------------------------------------------------------------------------


def avg_pool2d_forward_naive(
    x: Array,
    kernel_size: int | Two,
    stride: int | Two | None = None,
    padding: int | Two = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
):
    """`avg_pool2d_forward`, window by window."""
    windows, border = _settings(x, kernel_size, stride, padding, ceil_mode)
    kernel = windows.kernel
    out = np.zeros((*x.shape[:2], windows.rows, windows.columns), x.dtype)
    shares = {}
    for h, v in np.ndindex(out.shape[2:]):
        begin = [at * s - pad for at, s, pad in zip((h, v), windows.stride, border, strict=True)]
        rows, columns = (
            range(max(b, 0), min(b + k, length)) for b, k, length in zip(begin, kernel, x.shape[2:], strict=True)
        )
        n = divisor_override or len(rows) * len(columns)
        if count_include_pad and divisor_override is None:
            ends = zip(begin, kernel, x.shape[2:], border, strict=True)
            n = int(np.prod([min(b + k, length + pad) - b for b, k, length, pad in ends]))
        for row, column in product(rows, columns):
            out[:, :, h, v] += x[:, :, row, column] / n
        shares[h, v] = rows, columns, n
    return out, (x.shape, shares)


def avg_pool2d_backward_naive(dout: Array, cache):
    """`avg_pool2d_backward`, window by window."""
    shape, shares = cache
    dx = np.zeros(shape, dout.dtype)
    for (h, v), (rows, columns, n) in shares.items():
        for row, column in product(rows, columns):
            dx[:, :, row, column] += dout[:, :, h, v] / n
    return dx


def adaptive_avg_pool2d_forward_naive(x: Array, output_size: int | tuple[int | None, int | None]):
    """`adaptive_avg_pool2d_forward`, window by window."""
    down, across = _parts(x, output_size)
    out = np.zeros((*x.shape[:2], len(down), len(across)), x.dtype)
    for (h, (top, bottom)), (v, (left, right)) in product(enumerate(down), enumerate(across)):
        out[:, :, h, v] = x[:, :, top:bottom, left:right].mean(axis=(2, 3))
    return out, (x.shape, down, across)


def adaptive_avg_pool2d_backward_naive(dout: Array, cache):
    """`adaptive_avg_pool2d_backward`, window by window."""
    shape, down, across = cache
    dx = np.zeros(shape, dout.dtype)
    for (h, (top, bottom)), (v, (left, right)) in product(enumerate(down), enumerate(across)):
        n = (bottom - top) * (right - left)
        dx[:, :, top:bottom, left:right] += dout[:, :, h : h + 1, v : v + 1] / n
    return dx
