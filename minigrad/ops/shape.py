"""Ops that move elements about without changing them: copied, reshaped, repeated, joined, cut.

Each output element *is* an input element, so its gradient is the upstream gradient in the element's old place. An
element that was used twice (expand) collects both; one that was not used gets 0.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad import bounds
from minigrad.backend import Array, Device, ShapeError, array_module, device_of, to_device


def copy_forward(x: Array, dtype: np.dtype | None = None, where: Device | None = None, order: str = "K"):
    """out is a copy of x, if asked in another dtype, on another device, or row-major in memory (order="C")."""
    moved = out = x if where is None else to_device(x, where)
    if moved is x or order != "K" or dtype not in (None, x.dtype):
        out = moved.astype(dtype or x.dtype, order=order)
        bounds.remember(out, moved)
    return out, device_of(x)


def copy_backward(dout: Array, cache):
    """A copy has derivative 1. The gradient goes back to the device it came from (and, by the lift, to x's dtype)."""
    return to_device(dout, cache)


def reshape_forward(x: Array, shape: tuple[int, ...]):
    """out holds x's elements in the same (row-major) order, with the axes `shape`; one -1 there is worked out."""
    known, free = math.prod(n for n in shape if n != -1), shape.count(-1)
    if free > 1 or any(n < -1 for n in shape) or (x.size != known if not free else not known or x.size % known):
        raise ShapeError(
            f"reshape: expected sizes with the product {x.size}, one of them perhaps -1, got {shape} for "
            f"{x.dtype} {x.shape}."
        )
    out = x.reshape(shape)
    bounds.remember(out, x)
    return out, x.shape


def reshape_backward(dout: Array, cache):
    """The order is unchanged, so give dout the old axes."""
    return dout.reshape(cache)


def permute_forward(x: Array, axes: tuple[int, ...]):
    """out's axis i is x's axis `axes[i]`."""
    return x.transpose(axes), axes


def permute_backward(dout: Array, cache):
    """x's axis `axes[i]` came to place i; the inverse permutation, argsort(axes), brings it back."""
    return dout.transpose(tuple(sorted(range(len(cache)), key=lambda i: cache[i] % len(cache))))


def expand_forward(x: Array, shape: tuple[int, ...]):
    """out is x repeated along new or length-1 axes until it has `shape` (a view: nothing is copied)."""
    return array_module(x).broadcast_to(x, shape), x.shape


def expand_backward(dout: Array, cache):
    """Every copy of an element depends on it with derivative 1: sum over the copies."""
    return unbroadcast(dout, cache)


def diagonal_forward(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1):
    """out[..., i] = x[..., i, i + offset], for matrices on `axis1`, `axis2` of x: they leave, and a last axis comes.

    offset: 0 the main diagonal, 1 the one above it, -1 (which begins in row 1) the one below. out is a view.
    """
    out = x.diagonal(offset, axis1, axis2)
    if isinstance(out, np.ndarray):
        out.flags.writeable = x.flags.writeable  # NumPy gives a view that cannot be written to
    return out, (x.shape, offset, axis1, axis2)


def diagonal_backward(dout: Array, cache):
    """The elements on the diagonal are out, and get dout. Nothing depends on the others: dx is 0 there."""
    shape, *which = cache
    dx = array_module(dout).zeros(shape, dout.dtype)
    place, _ = diagonal_forward(dx, *which)
    place[...] = dout
    return dx


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum `gradient` over the axes along which an array of `shape` was repeated to get the gradient's shape.

    Broadcasting aligns shapes at the right. Axes that the array did not have at all come first and disappear; axes
    of length 1 that were stretched stay, with length 1.
    """
    added = gradient.ndim - len(shape)
    stretched = tuple(a for a, n in enumerate(shape, start=added) if n == 1 and gradient.shape[a] != 1)
    return gradient.sum(axis=tuple(range(added)) + stretched, keepdims=True).reshape(shape)


def cat_forward(arrays: list[Array], axis: int = 0):
    """out is the `arrays` one after another along `axis`; their other axes agree."""
    out = array_module(arrays[0]).concatenate(arrays, axis=axis)
    bounds.remember(out, *arrays)
    return out, (tuple(a.shape[axis] for a in arrays), axis)


def cat_backward(dout: Array, cache):
    """Cut dout where the arrays met: each gets its own piece."""
    return _cut(dout, *cache)


def _cut(x: Array, lengths: tuple[int, ...], axis: int) -> tuple[Array, ...]:
    pieces, start = [], 0
    for length in lengths:
        piece = [slice(None)] * x.ndim
        piece[axis] = slice(start, start + length)
        pieces.append(x[tuple(piece)])
        start += length
    return tuple(pieces)


def stack_forward(arrays: list[Array], axis: int = 0):
    """out has a new axis, along which the equally shaped `arrays` lie one after another."""
    out = array_module(arrays[0]).stack(arrays, axis=axis)
    bounds.remember(out, *arrays)
    return out, (len(arrays), axis)


def stack_backward(dout: Array, cache):
    """Array i is out's slice i along the new axis."""
    count, axis = cache
    slices = array_module(dout).moveaxis(dout, axis, 0)
    return tuple(slices[i] for i in range(count))


def split_forward(x: Array, lengths: tuple[int, ...], axis: int = 0):
    """out is a tuple of pieces of x (views), one after another along `axis`, as long as `lengths` say."""
    return _cut(x, lengths, axis), (x.shape, x.dtype, lengths, axis)


def split_backward(dout, cache):
    """cat's forward: put the pieces together again, with zeros for those that nothing came back from."""
    shape, dtype, lengths, axis = cache
    pieces = dout if isinstance(dout, tuple) else (dout,)
    xp = array_module(next(piece for piece in pieces if piece is not None))
    shapes = [(*shape[:axis], length, *shape[axis + 1 :]) for length in lengths]
    whole = [xp.zeros(s, dtype) if piece is None else piece for piece, s in zip(pieces, shapes, strict=True)]
    return xp.concatenate(whole, axis=axis)


def unbind_forward(x: Array, axis: int = 0):
    """out is a tuple of the slices of x along `axis` (views), without that axis."""
    return tuple(array_module(x).moveaxis(x, axis, 0)[i, ...] for i in range(x.shape[axis])), axis


def unbind_backward(dout, axis: int):
    """stack's forward: put the slices together again, with zeros for those that nothing came back from."""
    slices = dout if isinstance(dout, tuple) else (dout,)
    known = next(piece for piece in slices if piece is not None)
    xp = array_module(known)
    return xp.stack([xp.zeros_like(known) if piece is None else piece for piece in slices], axis=axis)
