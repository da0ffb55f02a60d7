"""Elements in order along an axis: max, min, median, sort, topk.

Each finds `indices` along the axis, and its values are x's elements there, out = x[indices]. So they have one backward
in common: an element that was picked gets the gradient of its place in the output, one that was not gets 0. None is
picked twice. Of equal elements the one that is picked, the first, takes all.
"""

from __future__ import annotations

from minigrad.backend import Array, array_module


def picked(x: Array, indices: Array, axis: int, keepdims: bool = True):
    """((values, indices), cache) of an op that picks the elements at `indices` along `axis`.

    Shapes: x (..., n, ...), indices (..., k, ...), values like indices; without keepdims k is 1 and its axis is lost.
    """
    places = _places(indices, axis)
    out = x[places], indices
    return out if keepdims else tuple(part.squeeze(axis) for part in out), (x.shape, places, axis, keepdims)


def picked_backward(dout: tuple[Array, None], cache):
    """values[i] *is* x[indices[i]], so dx[indices[i]] = dvalues[i], in an array of zeros. Indices have no gradient."""
    shape, places, axis, keepdims = cache
    dvalues = dout[0]
    xp = array_module(dvalues)
    dx = xp.zeros(shape, dvalues.dtype)
    dx[places] = dvalues if keepdims else xp.expand_dims(dvalues, axis)
    return dx


def max_forward(x: Array, axis: int, keepdims: bool = False):
    """The largest element along `axis`, and where it is; a nan counts as larger than all."""
    return picked(x, x.argmax(axis=axis, keepdims=True), axis, keepdims)


def min_forward(x: Array, axis: int, keepdims: bool = False):
    """The smallest element along `axis`, and where it is; a nan counts as smaller than all."""
    return picked(x, x.argmin(axis=axis, keepdims=True), axis, keepdims)


def median_forward(x: Array, axis: int, keepdims: bool = False):
    """The middle element in order along `axis` (the lower one of two), and where it is; a nan if there is one."""
    xp = array_module(x)
    middle = xp.take(order(x, axis), [(x.shape[axis] - 1) // 2], axis=axis)
    nan = x != x
    return picked(x, xp.where(nan.any(axis, keepdims=True), nan.argmax(axis, keepdims=True), middle), axis, keepdims)


def sort_forward(x: Array, axis: int, descending: bool = False):
    """The elements in order along `axis`, and where they were; equal ones stay in x's order, a nan is the largest."""
    return picked(x, order(x, axis, descending), axis)


def topk_forward(x: Array, k: int, axis: int, largest: bool = True):
    """The first k of `sort`, beginning with the largest or with the smallest."""
    return picked(x, order(x, axis, largest)[(slice(None),) * axis + (slice(k),)], axis)


max_backward = min_backward = median_backward = sort_backward = topk_backward = picked_backward


def order(x: Array, axis: int, descending: bool = False) -> Array:
    """The indices along `axis` that put x in order; equal elements stay in x's order."""
    xp = array_module(x)
    if not descending:
        return xp.argsort(x, axis=axis, kind="stable")
    # From the other end, twice: reversing an ascending order alone would reverse equal elements too.
    return x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis=axis, kind="stable"), axis)


def _places(indices: Array, axis: int) -> tuple[Array, ...]:
    """What to index with so that each element of `indices` counts along `axis`, and stays in its place otherwise."""
    xp, ndim = array_module(indices), indices.ndim
    places = [xp.arange(n).reshape([-1 if a == b else 1 for b in range(ndim)]) for a, n in enumerate(indices.shape)]
    places[axis] = indices
    return tuple(places)
