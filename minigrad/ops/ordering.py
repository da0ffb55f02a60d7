"""Elements in order along an axis: max, min, median, sort, topk.

Each finds `indices` along the axis, and its values are x's elements there, out = x[indices]. So they have one backward
in common: an element that was picked gets the gradient of its place in the output, one that was not gets 0. None is
picked twice. Of equal elements the one that is picked takes all: for max and min the first.
"""

from __future__ import annotations

import numpy as np

from minigrad import bounds
from minigrad.backend import Array, array_module
from minigrad.ops.indexing import places_along


def picked(x: Array, indices: Array, axis: int, keepdims: bool = True):
    """((values, indices), cache) of an op that picks the elements at `indices` along `axis`.

    Shapes: x (..., n, ...), indices (..., k, ...), values like indices; without keepdims k is 1 and its axis is lost.
    """
    places = places_along(indices, axis)
    out = x[places], indices
    bounds.remember_places(indices, x.shape[axis])
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
    """The middle element in order along `axis` (the lower one of two), and where one is; a nan if there is one."""
    xp = array_module(x)
    middle = (x.shape[axis] - 1) // 2
    indices = _parted(x, middle, axis)[(slice(None),) * axis + (slice(middle, middle + 1),)]
    nan = x != x
    return picked(x, xp.where(nan.any(axis, keepdims=True), nan.argmax(axis, keepdims=True), indices), axis, keepdims)


def sort_forward(x: Array, axis: int, descending: bool = False):
    """The elements in order along `axis`, and where they were; equal ones stay in x's order, a nan is the largest."""
    return picked(x, order(x, axis, descending), axis)


def topk_forward(x: Array, k: int, axis: int, largest: bool = True):
    """The k largest (or smallest) elements along `axis`, in order, and where they were; a nan is the largest.

    If only some of equal elements are among the k, it is not said which.
    """
    xp, n, before = array_module(x), x.shape[axis], (slice(None),) * axis
    if not 0 < k < n:
        return picked(x, order(x, axis, largest)[(*before, slice(k))], axis)
    # To part the k from the others and put only them in order is much quicker than to sort all.
    parted = _parted(x, n - k if largest else k - 1, axis)
    chosen = xp.sort(parted[(*before, slice(n - k, n) if largest else slice(k))], axis=axis)
    return picked(x, chosen[places_along(order(x[places_along(chosen, axis)], axis, largest), axis)], axis)


max_backward = min_backward = median_backward = sort_backward = topk_backward = picked_backward


def _parted(x: Array, place: int, axis: int) -> Array:
    """Indices along `axis` that put at `place` what is there in order, nothing larger before it, nothing smaller after.

    CuPy's argpartition makes the host wait, and among many elements it misplaces a nan: there all are put in order.
    """
    return np.argpartition(x, place, axis=axis) if array_module(x) is np else order(x, axis)


def order(x: Array, axis: int, descending: bool = False) -> Array:
    """The indices along `axis` that put x in order; equal elements stay in x's order."""
    xp = array_module(x)
    stable = {"kind": "stable"} if xp is np else {}  # CuPy's sort always is, and not every version takes the name
    if not descending:
        return xp.argsort(x, axis=axis, **stable)
    # From the other end, twice: reversing an ascending order alone would reverse equal elements too.
    return x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis=axis, **stable), axis)
