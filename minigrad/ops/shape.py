"""Ops that move elements about without changing them: copied, reshaped, repeated, picked, put, joined, cut.

Each output element *is* an input element, so its gradient is the upstream gradient in the element's old place. An
element that was used twice (expand, repeated indices) collects both; one that was not used gets 0.
"""

from __future__ import annotations

import numpy as np

from minigrad.backend import Array, Device, array_module, bool_, device_of, to_device


def copy_forward(x: Array, dtype: np.dtype | None = None, where: Device | None = None):
    """out is a copy of x, in another dtype or on another device if asked."""
    home = device_of(x)
    x = x if where is None else to_device(x, where)
    return x.astype(dtype or x.dtype), home


def copy_backward(dout: Array, cache):
    """A copy has derivative 1. The gradient goes back to the device it came from (and, by the lift, to x's dtype)."""
    return to_device(dout, cache)


def reshape_forward(x: Array, shape: tuple[int, ...]):
    """out holds x's elements in the same (row-major) order, with the axes `shape`; one -1 there is worked out."""
    return x.reshape(shape), x.shape


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


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum `gradient` over the axes along which an array of `shape` was repeated to get the gradient's shape.

    Broadcasting aligns shapes at the right. Axes that the array did not have at all come first and disappear; axes
    of length 1 that were stretched stay, with length 1.
    """
    added = gradient.ndim - len(shape)
    stretched = tuple(a for a, n in enumerate(shape, start=added) if n == 1 and gradient.shape[a] != 1)
    return gradient.sum(axis=tuple(range(added)) + stretched, keepdims=True).reshape(shape)


def getitem_forward(x: Array, index):
    """out = x[index], with NumPy's meaning of integers, slices, None, ..., masks and integer arrays.

    NumPy copies a single element out of the array; with ... behind its index it is a view, as all basic indexing is.
    """
    out = x[index]
    if isinstance(out, np.generic):
        out = x[(*index, ...) if isinstance(index, tuple) else (index, ...)]
    return out, (x.shape, index)


def getitem_backward(dout: Array, cache):
    """Put dout back where it was taken from, in an array of zeros.

    With an integer array an element may have been taken several times; then its gradients add up, which `dx[index] +=
    dout` would not do (it keeps the last), but `add.at` does.
    """
    shape, index = cache
    xp = array_module(dout)
    dx = xp.zeros(shape, dout.dtype)
    if _picks_once(index):
        dx[index] = dout
    else:
        xp.add.at(dx, index, dout)
    return dx


def _picks_once(index) -> bool:
    """Whether no element can be taken twice: true for integers, slices, None, ... and masks."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) or _is_mask(part)
        for part in parts
    )


def _is_mask(part) -> bool:
    return getattr(part, "dtype", None) == bool_


def cat_forward(arrays: list[Array], axis: int = 0):
    """out is the `arrays` one after another along `axis`; their other axes agree."""
    return array_module(arrays[0]).concatenate(arrays, axis=axis), (tuple(a.shape[axis] for a in arrays), axis)


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
    return array_module(arrays[0]).stack(arrays, axis=axis), (len(arrays), axis)


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


def put_forward(x: Array, values: Array, index, accumulate: bool):
    """out is a copy of x with `values` written to (or, with `accumulate`, added to) the elements x[index].

    Where an index repeats, what is written last stays; what is added adds up.
    """
    out = x.copy()
    if accumulate:
        array_module(x).add.at(out, index, values)
    else:
        out[index] = values
    return out, (index, accumulate)


def put_backward(dout: Array, cache):
    """Each value went to one place and gets the gradient from there; x's elements get theirs unless written over."""
    index, accumulate = cache
    dx = dout
    if not accumulate:
        dx = dout.copy()
        dx[index] = 0
    return dx, dout[index]
