"""Convolution: a small filter slides over an image, and says at each place how alike the two are.

(What the field calls a convolution is a correlation: the filter is not turned around.) With x (N, C, H, W), w
(O, C, kh, kw), stride 1 and no padding:

    out[n, o, h, v] = b[o] + Σ_c,i,j  w[o, c, i, j] x[n, c, h + i, v + j]

`conv2d_forward_naive` and `conv2d_backward_naive` say just this, loop by loop. The fast pair says it as products of
matrices. At one output pixel the sum is a dot product, of the filter laid out in a row and of the patch of x that the
window sees there laid out in a column (`_patches`). All output pixels together are one product:

    out (O, pixels) = w (O, K) @ patches (K, pixels),      K = kh C kw, and 1 more for the bias

so the backward pass is that of the fully-connected layer: dw = dout @ patchesᵀ, and dpatches = wᵀ @ dout. What remains
is dx. An element of x was copied into the patches of all windows that saw it, so its gradient is the sum of theirs
(`_spread`).

The patches hold each element kh kw times, and would be 25 times as large as the image for a 5 x 5 filter. So they are
never all made at once: the work goes through the image a few columns at a time, so few that their patches stay in the
processor's cache, and threads share the columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from minigrad import memory
from minigrad.backend import Array, DtypeError, ShapeError, array_module, float16, float32, is_on_host
from minigrad.kernels import convolution as kernels
from minigrad.ops.linear import ALL
from minigrad.ops.windows import (
    NO_PADS,
    Pads,
    Two,
    batch_first,
    batch_last,
    constants,
    count,
    every,
    reach,
    two,
    without_border,
)
from minigrad.threads import share

# How large the patches of a block may be: what is copied for them, and those of one output row. What an L2 cache holds,
# and what BLAS is quick with.
CACHE_BYTES, ROW_BYTES = 2**20, 160_000
FEWEST_PIXELS = 64  # in a block: with fewer, products of matrices are slow


@dataclass(frozen=True)
class Geometry:
    """How the filters slide. Each setting is (height, width); pads are ((top, bottom), (left, right)).

    size: of the images, without the border. rows, columns: how many places of the window, output pixels, there are
    downwards and across.
    """

    kernel: Two
    stride: Two
    pads: Pads
    dilation: Two
    groups: int
    size: Two
    rows: int
    columns: int

    @property
    def sliding(self) -> dict[str, int]:
        """The settings as `kernels.convolution` needs them."""
        return constants(self.kernel, self.stride, self.dilation, self.pads)

    def by_group(self, x: Array) -> Array:
        """(channels, ...) as (groups, channels of each, ...), without a copy. Filters and their biases likewise."""
        return x.reshape(self.groups, len(x) // self.groups, *x.shape[1:])


# -- the pairs ---------------------------------------------------------------------------------------------------------


def conv2d_forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | Two = 1,
    padding: int | Two | str = 0,
    dilation: int | Two = 1,
    groups: int = 1,
):
    """Slide the filters w over the images x: out (N, O, Ho, Wo), and the cache.

    x: (N, C, H, W). w: (O, C / groups, kh, kw), that is O filters. b: (O,), or None.
    stride: the window moves so many pixels at a time. padding: so many zeros are put around the image; "valid" is
    none, "same" as many as keep its size. dilation: the elements of the filter lie so many pixels apart. Each is one
    number, or (height, width). groups: filters and channels are cut into so many parts; a filter sees the channels of
    its own part only.

    Ho = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, and Wo likewise.
    """
    geometry = _geometry(x, w, b, stride, padding, dilation, groups)
    images = with_border(x, geometry)
    out = correlate(images, w, b, geometry)
    return batch_first(out).astype(x.dtype, copy=False), (images, w, b, geometry)


def conv2d_backward(dout: Array, cache, needs=ALL):
    """dout (N, O, Ho, Wo). Returns dx (N, C, H, W), dw (O, C / groups, kh, kw) and db (O,).

    Derived above: dw = dout @ patchesᵀ; dx adds up wᵀ @ dout, each number where its patch element came from; and b[o]
    is added to every pixel of channel o, so db[o] is the sum of that channel of dout.
    """
    images, w, b, geometry = cache
    dtype, dout = dout.dtype, batch_last(wide(dout))
    dx = dw = db = None
    if needs[0]:
        dx = batch_first(spread(dout, w, geometry)).astype(dtype, copy=False)
    if needs[1] or needs[2]:
        dw, db = (one.astype(dtype, copy=False) for one in filter_gradient(images, dout, geometry))
    return dx, dw, None if b is None else db


def conv1d_forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
):
    """Slide the filters w (O, C / groups, k) along the sequences x (N, C, L): out (N, O, Lo). Settings as in conv2d.

    A sequence is an image of one row.
    """
    _check("conv1d", x, w, b, groups)
    around = padding if isinstance(padding, str) else (0, padding)
    out, cache = conv2d_forward(x[:, :, None], w[:, :, None], b, (1, stride), around, (1, dilation), groups)
    return out[:, :, 0], cache


def conv1d_backward(dout: Array, cache, needs=ALL):
    """dout (N, O, Lo). Returns dx (N, C, L), dw (O, C / groups, k) and db (O,): those of the images of one row."""
    dx, dw, db = conv2d_backward(dout[:, :, None], cache, needs)
    return None if dx is None else dx[:, :, 0], None if dw is None else dw[:, :, 0], db


# -- the three of which the pairs are made -----------------------------------------------------------------------------
#
# Here or on a GPU. From here on the batch lies innermost (see `windows`): images (C, H, W, N), with their border where
# they are NumPy's; out, dout (O, Ho, Wo, N).


def correlate(images: Array, w: Array, b: Array | None, geometry: Geometry) -> Array:
    """out: at each place of the window, what it sees of the images times the filter, plus b."""
    slide = _correlate if is_on_host(images) else kernels.correlate
    shape = len(w), geometry.rows, geometry.columns, images.shape[3]
    out = memory.empty(shape, images.dtype, array_module(images))
    filters, biases = geometry.by_group(wide(w)), None if b is None else geometry.by_group(wide(b))
    slide(geometry.by_group(images), filters, biases, geometry, geometry.by_group(out))
    return out


def spread(dout: Array, w: Array, geometry: Geometry) -> Array:
    """dimages (C, H, W, N), without a border: what each window is given times the filter, added where it saw it."""
    add, empty = (_spread, memory.zeros) if is_on_host(dout) else (kernels.spread, memory.empty)
    (top, bottom), (left, right) = border = _border(geometry, dout)
    height, width = geometry.size
    shape = w.shape[1] * geometry.groups, top + height + bottom, left + width + right, dout.shape[3]
    dimages = empty(shape, dout.dtype, array_module(dout))
    add(geometry.by_group(dout), geometry.by_group(wide(w)), geometry, geometry.by_group(dimages))
    return without_border(dimages, border)


def filter_gradient(images: Array, dout: Array, geometry: Geometry) -> tuple[Array, Array]:
    """dw (O, C / groups, kh, kw), what was seen times what was given, added up; and db (O,)."""
    gather, xp = _filter_gradient if is_on_host(dout) else kernels.filter_gradient, array_module(dout)
    dw = xp.empty((len(dout), len(images) // geometry.groups, *geometry.kernel), dout.dtype)
    db = xp.empty(len(dout), dout.dtype)
    of_groups = gather(geometry.by_group(images), geometry.by_group(dout), geometry)
    geometry.by_group(dw)[...], geometry.by_group(db)[...] = of_groups
    return dw, db


def with_border(x: Array, geometry: Geometry) -> Array:
    """The images x (N, C, H, W) as `correlate` and `filter_gradient` take them."""
    return batch_last(wide(x), _border(geometry, x))


def _border(geometry: Geometry, x: Array) -> Pads:
    """The border that the images are given in memory. A kernel looks for itself where they end, and needs none."""
    return geometry.pads if is_on_host(x) else NO_PADS


def wide(x: Array) -> Array:
    """float16 is calculated in float32, as in PyTorch: sums of many products need the digits."""
    return x.astype(float32) if x.dtype == float16 else x


# -- block by block ----------------------------------------------------------------------------------------------------
#
# On a GPU `kernels.convolution` has functions of the same names for the same.
#
# From here on the groups come first. C and O count the channels and the filters of one of the G groups: images
# (G, C, H, W, N), filters (G, O, C, kh, kw), out and dout (G, O, Ho, Wo, N). A block is some groups, a range of output
# columns, and a part of the batch.

Block = tuple[slice, range, slice]


def _correlate(images: Array, filters: Array, bias: Array | None, geometry: Geometry, out: Array) -> None:
    """out = w @ patches."""
    _, channels, height, _, _ = images.shape
    matrix, in_all = _as_matrix(filters, bias), height * channels * geometry.kernel[1]

    def walk(columns: range) -> None:
        for block in _blocks(columns, out, in_all, matrix.shape[-1]):
            np.matmul(matrix[block[0]], _patches(images, geometry, block), out=_pixels(out, block))

    share(walk, geometry.columns, matrix.shape[-1] * out.size)


def _filter_gradient(images: Array, dout: Array, geometry: Geometry) -> tuple[Array, Array]:
    """dw = dout @ patchesᵀ, as (G, O, C, kh, kw), and db (G, O), which belongs to the patches' ones."""
    (kh, kw), (groups, channels, height, _, _), filters = geometry.kernel, images.shape, dout.shape[1]
    inner = kh * (channels * kw + 1)

    def walk(columns: range) -> Array:
        total = np.zeros((groups, inner, filters), images.dtype)
        for block in _blocks(columns, dout, height * channels * kw, inner):
            of_each_row = _patches(images, geometry, block) @ _pixels(dout, block).swapaxes(2, 3)
            total[block[0]] += of_each_row.sum(axis=1)
        return total

    totals = share(walk, geometry.columns, inner * dout.size)
    total = sum(totals).reshape(groups, kh, channels * kw + 1, filters)
    dw = total[:, :, :-1].reshape(groups, kh, channels, kw, filters).transpose(0, 4, 2, 1, 3)
    return dw, total[:, 0, -1]


def _spread(dout: Array, filters: Array, geometry: Geometry, dimages: Array) -> None:
    """Add to dimages what the patches get, wᵀ @ dout: across it is gathered, downwards added.

    The windows that saw column u of the images at their place j are those of column u - j (with stride 1). So the
    gradient of a column comes of kw columns of dout, taken with the filter's places in reverse order: again a window
    that slides, over dout with a border. In `bordered` a column's filters lie together: so the places of this window
    lie one under the other, and a block of one column needs no copy. Downwards, each of the kh rows that a window saw
    is given its share.
    """
    (kh, kw), (down, across), hole = geometry.kernel, geometry.stride, geometry.dilation
    (groups, channels, _, width, batch), filter_count = dimages.shape, dout.shape[1]
    border = reach(kw, hole[1]) - 1
    reverse = filters[..., ::-1].transpose(0, 3, 2, 4, 1).reshape(groups, 1, kh * channels, kw * filter_count)
    bordered = memory.zeros((groups, geometry.rows, width + border, filter_count, batch), dout.dtype)

    def lay_out(rows: range) -> None:
        here = slice(rows.start, rows.stop)
        bordered[:, here, every(border, geometry.columns, across)] = dout[:, :, here].transpose(0, 2, 3, 1, 4)

    def walk(columns: range) -> None:
        for group, part, images in _blocks(columns, dout, geometry.rows * kh * channels, kw * filter_count):
            begin = bordered[group, :, part.start :, :, images]
            number, n = len(begin), begin.shape[-1]
            g, h, v, o, image = begin.strides
            seen = np.lib.stride_tricks.as_strided(
                begin, (number, geometry.rows, kw, filter_count, len(part), n), (g, h, hole[1] * v, o, v, image)
            )
            shares = reverse[group] @ seen.reshape(number, geometry.rows, kw * filter_count, len(part) * n)
            shares = shares.reshape(number, geometry.rows, kh, channels, len(part), n)
            for i in range(kh):
                rows = dimages[group, :, every(i * hole[0], geometry.rows, down), part.start : part.stop, images]
                rows += shares[:, :, i].swapaxes(1, 2)

    share(lay_out, geometry.rows, bordered.size)
    share(walk, width, filters[0, 0].size * dout.size)


def _blocks(columns: range, like: Array, in_all: int, in_row: int) -> Iterator[Block]:
    """Cut the columns of all groups into blocks whose numbers stay in the cache.

    Of a group a block has some columns, or a part of one column's batch. So its pixels, column by column and image by
    image, lie side by side in memory. Only where all columns of a group are too few, there are more groups in it.
    in_all, in_row: how many numbers of a group there are for each pixel, in all rows and in one.
    """
    groups, batch = len(like), like.shape[-1]
    pixels = max(FEWEST_PIXELS, min(CACHE_BYTES // in_all, ROW_BYTES // in_row) // like.itemsize)
    cuts = max(1, round(batch / pixels))
    step = max(1, pixels // max(batch, 1))
    together = max(1, step // len(columns))
    for first in range(0, groups, together):
        for start in columns[::step]:
            for i in range(cuts):
                images = slice(batch * i // cuts, batch * (i + 1) // cuts)
                yield slice(first, first + together), range(start, min(start + step, columns.stop)), images


def _pixels(images: Array, block: Block) -> Array:
    """A block's pixels of out or dout, as a matrix (O, pixels) for each group and output row. No copy."""
    groups, columns, batch = block
    part = images[groups, :, :, columns.start : columns.stop, batch]
    number, filters, rows, width, n = part.shape
    g, o, h, _, image = part.strides
    return np.lib.stride_tricks.as_strided(part, (number, rows, filters, width * n), (g, h, o, image))


def _patches(images: Array, geometry: Geometry, block: Block) -> Array:
    """What the windows of a block see: for each group and output row a matrix (K, pixels), a patch in each column.

    Only across is anything copied: `unfolded` holds each row of the images kw times, as the kw places of a window see
    it, and a line of ones, for the bias. Downwards nothing needs to be: the rows that a window sees lie one under the
    other in `unfolded` already, so the matrix of an output row is a slice of it, and that of the next one begins
    `stride` rows further down. (Only where there are holes between those rows, `reshape` brings them together.)
    """
    groups, columns, batch = block
    (kh, kw), (down, across), (hole_down, hole_across) = geometry.kernel, geometry.stride, geometry.dilation
    part = images[groups, :, :, columns.start * across :, batch]
    number, channels, height, _, n = part.shape
    g, c, h, v, image = part.strides
    as_strided = np.lib.stride_tricks.as_strided
    seen = as_strided(
        part, (number, height, channels, kw, len(columns), n), (g, h, c, hole_across * v, across * v, image)
    )
    lines, pixels = channels * kw + 1, len(columns) * n
    unfolded = np.empty((number, height, lines, pixels), images.dtype)
    unfolded[:, :, :-1].reshape(seen.shape)[...] = seen
    unfolded[:, :, -1] = 1
    g, row, line, pixel = unfolded.strides
    windows = as_strided(
        unfolded, (number, geometry.rows, kh, lines, pixels), (g, down * row, hole_down * row, line, pixel)
    )
    return windows.reshape(number, geometry.rows, kh * lines, pixels)


def _as_matrix(filters: Array, bias: Array | None) -> Array:
    """The filters (G, O, C, kh, kw) as rows (G, 1, O, K), ordered like patches, where the bias meets the first ones."""
    groups, number, channels, kh, kw = filters.shape
    matrix = np.zeros((groups, number, kh, channels * kw + 1), filters.dtype)
    matrix[..., :-1] = filters.transpose(0, 1, 3, 2, 4).reshape(groups, number, kh, channels * kw)
    if bias is not None:
        matrix[:, :, 0, -1] = bias
    return matrix.reshape(groups, 1, number, -1)


# -- on the blackboard -------------------------------------------------------------------------------------------------


def conv2d_forward_naive(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | Two = 1,
    padding: int | Two | str = 0,
    dilation: int | Two = 1,
    groups: int = 1,
):
    """`conv2d_forward`, one output pixel after the other: the filter times what its window sees, added up."""
    geometry = _geometry(x, w, b, stride, padding, dilation, groups)
    padded = np.pad(x, ((0, 0), (0, 0), *geometry.pads))
    out = np.zeros((len(x), len(w), geometry.rows, geometry.columns), x.dtype)
    for n, o, h, v in product(*map(range, out.shape)):
        seen = padded[n, *window_at(geometry, w, o, h, v)]
        out[n, o, h, v] = (w[o] * seen).sum() + (0 if b is None else b[o])
    return out, (x, w, b, geometry)


def conv2d_backward_naive(dout: Array, cache):
    """`conv2d_backward`, the same way: what an output pixel was made of gets its gradient, times the other factor."""
    x, w, b, geometry = cache
    padded = np.pad(x, ((0, 0), (0, 0), *geometry.pads))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for n, o, h, v in product(*map(range, dout.shape)):
        window = window_at(geometry, w, o, h, v)
        dw[o] += dout[n, o, h, v] * padded[n, *window]
        dpadded[n, *window] += dout[n, o, h, v] * w[o]
    db = None if b is None else dout.sum(axis=(0, 2, 3))
    (above, _), (left, _) = geometry.pads
    return dpadded[:, :, above : above + x.shape[2], left : left + x.shape[3]], dw, db


def window_at(geometry: Geometry, w: Array, o: int, h: int, v: int) -> tuple[slice, slice, slice]:
    """The channels, rows and columns that filter o sees at output pixel (h, v)."""
    number, group = w.shape[1], o // (len(w) // geometry.groups)
    down, across = (
        every(at * stride, kernel, hole)
        for at, stride, kernel, hole in zip((h, v), geometry.stride, geometry.kernel, geometry.dilation, strict=True)
    )
    return slice(group * number, (group + 1) * number), down, across


# -- settings ----------------------------------------------------------------------------------------------------------


def _geometry(
    x: Array,
    w: Array,
    b: Array | None,
    stride: int | Two,
    padding: int | Two | str,
    dilation: int | Two,
    groups: int,
) -> Geometry:
    """The settings, checked, with the size of the output."""
    _check("conv2d", x, w, b, groups)
    stride, dilation = two(stride, "conv2d", "stride", 1), two(dilation, "conv2d", "dilation", 1)
    kernel = w.shape[2:]
    pads = _pads(padding, kernel, stride, dilation)
    sides = list(zip(x.shape[2:], pads, kernel, stride, dilation, strict=True))
    rows, columns = (count(length + sum(pad), k, step, hole) for length, pad, k, step, hole in sides)
    if min(rows, columns) < 1:
        raise ShapeError(
            f"conv2d: the filters (weight.shape = {w.shape}, dilation {dilation}) span more pixels than the images "
            f"have (x.shape = {x.shape}, padding {padding})."
        )
    return Geometry(kernel, stride, pads, dilation, groups, x.shape[2:], rows, columns)


def _pads(padding: int | Two | str, kernel: Two, stride: Two, dilation: Two) -> Pads:
    if padding == "valid":
        padding = 0
    if padding == "same":
        if stride != (1, 1):
            raise ValueError(f"conv2d: padding='same' needs stride 1, got {stride}.")
        above, left = (reach(k, hole) - 1 for k, hole in zip(kernel, dilation, strict=True))
        return (above // 2, above - above // 2), (left // 2, left - left // 2)
    if isinstance(padding, str):
        raise ValueError(f"conv2d: padding must be a number, two, 'same' or 'valid', got {padding!r}.")
    height, width = two(padding, "conv2d", "padding", 0)
    return (height, height), (width, width)


def _check(name: str, x: Array, w: Array, b: Array | None, groups: int) -> None:
    """Raise unless the images, the filters and their biases fit each other."""
    axes = {"conv1d": ("(N, C, L)", "(O, C / groups, k)"), "conv2d": ("(N, C, H, W)", "(O, C / groups, kh, kw)")}[name]
    if not x.ndim == w.ndim == (3 if name == "conv1d" else 4):
        raise ShapeError(f"{name}: x must be {axes[0]} and weight {axes[1]}, got {x.shape} and {w.shape}.")
    if 0 in w.shape:
        raise ShapeError(f"{name}: there must be a filter, and a number in it, got weight.shape = {w.shape}.")
    if not isinstance(groups, (int, np.integer)) or groups < 1 or len(w) % groups or x.shape[1] % groups:
        raise ShapeError(
            f"{name}: groups must divide the filters and the channels, got groups = {groups} for {len(w)} filters "
            f"(weight.shape = {w.shape}) and {x.shape[1]} channels (x.shape = {x.shape})."
        )
    if x.shape[1] != w.shape[1] * groups:
        raise ShapeError(
            f"{name}: weight expects {w.shape[1] * groups} input channels (weight.shape = {w.shape}, groups = {groups})"
            f", x has {x.shape[1]} (x.shape = {x.shape})."
        )
    if b is not None and b.shape != (len(w),):
        raise ShapeError(f"{name}: bias must be ({len(w)},), one number a filter, got {b.shape}.")
    of_one_dtype(name, x, w, b)


def of_one_dtype(name: str, x: Array, w: Array, b: Array | None) -> None:
    """Raise unless all have the same dtype, a floating-point one."""
    dtypes = [array.dtype for array in (x, w, b) if array is not None]
    if dtypes[0].kind != "f" or len(set(dtypes)) > 1:
        raise DtypeError(
            f"{name}: x, weight and bias must have one floating-point dtype, got {', '.join(map(str, dtypes))}."
        )
