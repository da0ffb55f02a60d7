"""Transposed convolution: each pixel of a small image stamps the filter onto a larger one.

A convolution reads: a window slides over the image, and at each of its places becomes one number. Here it is the other
way round. At each place of the window there is one number, a pixel of x, and it writes: the filter, times that number,
is added to what the window covers. With stride 2 the stamps lie two pixels apart, so out is twice as large as x. With x
(N, C, H, W), w (C, O, kh, kw), stride 1 and no padding, out begins as b[o] everywhere, and

    out[n, o, h + i, v + j] += x[n, c, h, v] w[c, o, i, j]      for all n, c, o, h, v, i, j

The backward pass can be read off this line. What is added is a product, so each of the two factors gets the gradient
that arrived there, times the other one; and it gets that as often as it occurs in the line:

    x[n, c, h, v], once for each place of its stamp:    dx[n, c, h, v] = Σ_o,i,j  dout[n, o, h + i, v + j] w[c, o, i, j]
    w[c, o, i, j], once for each stamp:                 dw[c, o, i, j] = Σ_n,h,v  dout[n, o, h + i, v + j] x[n, c, h, v]

`conv_transpose2d_forward_naive` and `conv_transpose2d_backward_naive` say just this, stamp by stamp.

The line for dx is a convolution: C filters slide over dout, and say at each place how alike the two are. So this op is
a convolution run backwards, forward is what a convolution does in its backward pass, and the other way round. Of the
three functions that `convolution` is made of, each is here, too, in another's place:

                                spread (writes)         correlate (reads)       filter_gradient
    convolution                 dx, of dout and w       out, of x and w         dw, of x and dout
    transposed convolution      out, of x and w         dx, of dout and w       dw, of dout and x

(Why "transposed"? A convolution is linear in x: with a large matrix M, most of it zeros, out = M x. Backward that is
dx = Mᵀ dout, and here out = Mᵀ x. It is not the inverse: what a convolution left out does not come back.)
"""

from __future__ import annotations

from itertools import product

import numpy as np

from minigrad.backend import Array, ShapeError
from minigrad.ops.convolution import (
    Geometry,
    correlate,
    filter_gradient,
    of_one_dtype,
    spread,
    wide,
    window_at,
    with_border,
)
from minigrad.ops.linear import ALL
from minigrad.ops.windows import Two, batch_first, batch_last, reach, two


def conv_transpose2d_forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | Two = 1,
    padding: int | Two = 0,
    output_padding: int | Two = 0,
    groups: int = 1,
    dilation: int | Two = 1,
):
    """Stamp the filters w, weighed with the pixels of x: out (N, O, Ho, Wo), and the cache.

    x: (N, C, H, W). w: (C, O / groups, kh, kw), a filter for each channel of x. b: (O,), or None.
    stride: the stamps lie so many pixels apart. dilation: so do the elements of a stamp. padding: so many pixels are
    cut off all around out, where the convolution that this one runs backwards would have put zeros. output_padding: so
    many more are kept at the bottom and on the right: with a stride, that convolution makes x of images of several
    sizes, and this says of which. Each is one number, or (height, width). groups: the channels of x and of out are cut
    into so many parts; each part of out sees its own part of x only.

    Ho = (H - 1) stride - 2 padding + dilation (kh - 1) + 1 + output_padding, and Wo likewise.
    """
    geometry = _geometry(x, w, b, stride, padding, output_padding, groups, dilation)
    images = batch_last(wide(x))
    out = spread(images, w, geometry)
    if b is not None:
        out += b[:, None, None, None]
    return batch_first(out).astype(x.dtype, copy=False), (images, w, b, geometry)


def conv_transpose2d_backward(dout: Array, cache, needs=ALL):
    """dout (N, O, Ho, Wo). Returns dx (N, C, H, W), dw (C, O / groups, kh, kw) and db (O,).

    Derived above: dx is the convolution of dout with the filters; dw is that convolution's filter gradient, in which
    dout is the image and x is what arrived; and db[o] is the sum of channel o of dout.
    """
    images, w, b, geometry = cache
    dtype, dout = dout.dtype, with_border(dout, geometry)
    dx = dw = db = None
    if needs[0]:
        dx = batch_first(correlate(dout, w, None, geometry)).astype(dtype, copy=False)
    if needs[1]:
        dw = filter_gradient(dout, images, geometry)[0].astype(dtype, copy=False)
    if needs[2] and b is not None:
        db = dout.sum(axis=(1, 2, 3)).astype(dtype, copy=False)
    return dx, dw, db


def conv_transpose1d_forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
):
    """Stamp the filters w (C, O / groups, k) onto sequences: x (N, C, L), out (N, O, Lo). Settings as for images.

    A sequence is an image of one row.
    """
    _check("conv_transpose1d", x, w, b, groups)
    settings = (1, stride), (0, padding), (0, output_padding), groups, (1, dilation)
    out, cache = conv_transpose2d_forward(x[:, :, None], w[:, :, None], b, *settings)
    return out[:, :, 0], cache


def conv_transpose1d_backward(dout: Array, cache, needs=ALL):
    """dout (N, O, Lo). Returns dx (N, C, L), dw (C, O / groups, k) and db (O,): those of the images of one row."""
    dx, dw, db = conv_transpose2d_backward(dout[:, :, None], cache, needs)
    return None if dx is None else dx[:, :, 0], None if dw is None else dw[:, :, 0], db


# -- on the blackboard -------------------------------------------------------------------------------------------------


def conv_transpose2d_forward_naive(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | Two = 1,
    padding: int | Two = 0,
    output_padding: int | Two = 0,
    groups: int = 1,
    dilation: int | Two = 1,
):
    """`conv_transpose2d_forward`, one pixel of x after the other: its stamp is added to what lies below it."""
    geometry = _geometry(x, w, b, stride, padding, output_padding, groups, dilation)
    (top, bottom), (left, right) = geometry.pads
    height, width = geometry.size
    out = np.zeros((len(x), w.shape[1] * groups, top + height + bottom, left + width + right), x.dtype)
    for n, c, h, v in product(*map(range, x.shape)):
        out[n, *window_at(geometry, w, c, h, v)] += x[n, c, h, v] * w[c]
    out = out[:, :, top : top + height, left : left + width]
    return out if b is None else out + b[:, None, None], (x, w, b, geometry)


def conv_transpose2d_backward_naive(dout: Array, cache):
    """`conv_transpose2d_backward`, the same way: pixel and filter get what arrived at the stamp, times the other."""
    x, w, b, geometry = cache
    padded = np.pad(dout, ((0, 0), (0, 0), *geometry.pads))
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for n, c, h, v in product(*map(range, x.shape)):
        arrived = padded[n, *window_at(geometry, w, c, h, v)]
        dx[n, c, h, v] = (arrived * w[c]).sum()
        dw[c] += arrived * x[n, c, h, v]
    return dx, dw, None if b is None else dout.sum(axis=(0, 2, 3))


# -- settings ----------------------------------------------------------------------------------------------------------


def _geometry(
    x: Array,
    w: Array,
    b: Array | None,
    stride: int | Two,
    padding: int | Two,
    output_padding: int | Two,
    groups: int,
    dilation: int | Two,
) -> Geometry:
    """That of the convolution which this one runs backwards: from images of out's size to those of x's."""
    name = "conv_transpose2d"
    _check(name, x, w, b, groups)
    steps, holes = two(stride, name, "stride", 1), two(dilation, name, "dilation", 1)
    cut, more = two(padding, name, "padding", 0), two(output_padding, name, "output_padding", 0)
    if any(m >= max(step, hole) for m, step, hole in zip(more, steps, holes, strict=True)):
        raise ValueError(
            f"{name}: output_padding must be smaller than stride or dilation, got {output_padding} for stride "
            f"{stride} and dilation {dilation}."
        )
    rows, columns = x.shape[2:]
    sides = zip((rows, columns), w.shape[2:], steps, holes, cut, more, strict=True)
    height, width = ((n - 1) * step + reach(k, hole) - 2 * c + m for n, k, step, hole, c, m in sides)
    if min(rows, columns, height, width) < 1:
        raise ShapeError(
            f"{name}: nothing is left of out, which would be {height} x {width} (x.shape = {x.shape}, weight.shape = "
            f"{w.shape}, padding {padding})."
        )
    pads = (cut[0], cut[0]), (cut[1], cut[1])
    return Geometry(w.shape[2:], steps, pads, holes, groups, (height, width), rows, columns)


def _check(name: str, x: Array, w: Array, b: Array | None, groups: int) -> None:
    """Raise unless the images, the filters and their biases fit each other."""
    axes = {
        "conv_transpose1d": ("(N, C, L)", "(C, O / groups, k)"),
        "conv_transpose2d": ("(N, C, H, W)", "(C, O / groups, kh, kw)"),
    }[name]
    if not x.ndim == w.ndim == (3 if name == "conv_transpose1d" else 4):
        raise ShapeError(f"{name}: x must be {axes[0]} and weight {axes[1]}, got {x.shape} and {w.shape}.")
    if 0 in w.shape:
        raise ShapeError(f"{name}: there must be a filter, and a number in it, got weight.shape = {w.shape}.")
    if x.shape[1] != len(w):
        raise ShapeError(
            f"{name}: weight {axes[1]} expects {len(w)} input channels (weight.shape = {w.shape}), x has {x.shape[1]} "
            f"(x.shape = {x.shape})."
        )
    if not isinstance(groups, (int, np.integer)) or groups < 1 or len(w) % groups:
        raise ShapeError(
            f"{name}: groups must divide the channels of x, got groups = {groups} for {len(w)} (x.shape = {x.shape})."
        )
    channels = w.shape[1] * groups
    if b is not None and b.shape != (channels,):
        raise ShapeError(f"{name}: bias must be ({channels},), one number a channel of out, got {b.shape}.")
    of_one_dtype(name, x, w, b)
