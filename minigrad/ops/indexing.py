"""Ops that pick elements by their places, or put some there: getitem, and its opposite, put.

An element that was picked is the element itself: what comes back goes to its place in x, and adds up where a place was
picked several times.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad import bounds
from minigrad.backend import Array, array_module, bool_, is_array


def getitem_forward(x: Array, index):
    """out = x[index], with NumPy's meaning of integers, slices, None, ..., masks and integer arrays.

    NumPy copies a single element out of the array; with ... behind its index it is a view, as all basic indexing is.
    """
    out = x[index]
    if isinstance(out, np.generic):
        out = x[(*index, ...) if isinstance(index, tuple) else (index, ...)]
    bounds.remember(out, x)
    return out, (x.shape, index)


def getitem_backward(dout: Array, cache):
    """Put dout back where it was taken from, in an array of zeros.

    With an integer array an element may have been taken several times; then its gradients add up, which `dx[index] +=
    dout` would not do (it keeps the last).
    """
    shape, index = cache
    if not _picks_once(index):
        return added_at(shape, index, dout)
    dx = array_module(dout).zeros(shape, dout.dtype)
    dx[index] = dout
    return dx


def put_forward(x: Array, values: Array, index, accumulate: bool):
    """out is a copy of x with `values` written to (or, with `accumulate`, added to) the elements x[index].

    Where an index repeats, what is written last stays; what is added adds up. values: of x[index]'s shape.
    """
    if accumulate:
        return x + added_at(x.shape, index, values), (index, accumulate)
    out = x.copy()
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


def added_at(shape: tuple[int, ...], index, values: Array) -> Array:
    """Zeros of `shape`, to which `values` were added at `index`, all of them where a place is repeated.

    `add.at` says just that, but NumPy's is quick only along one long line. So each element gets its number in row-major
    order, and the sums are taken along such a line.
    """
    xp = array_module(values)
    if xp is not np and values.dtype.kind != "f":  # CuPy adds only some kinds of integers; the last bits are the same
        out = xp.zeros(shape, np.uint64)
        xp.add.at(out, index, values.astype(np.uint64))
        return out.astype(values.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    out = xp.zeros(shape, values.dtype)
    if xp is not np:
        xp.add.at(out, index, values)
        return out
    if len(parts) == len(shape) and all(_holds_places(part) for part in parts):
        places = _numbers_of_elements(shape, parts)
    elif _holds_places(parts[-1]) and all(_is_whole(part) for part in parts[:-1]):
        places = _numbers_of_slices(shape, len(parts) - 1, parts[-1])
    else:
        places = np.arange(out.size).reshape(shape)[index]
    np.add.at(out.reshape(-1), places.reshape(-1), values.reshape(-1))
    return out


def _numbers_of_elements(shape: tuple[int, ...], indices: tuple[Array, ...]) -> Array:
    """The numbers of the elements [i, j, ...]: (i n₁ + j) n₂ + ..., for axes of n₀, n₁, n₂, ... places."""
    numbers = np.intp(0)
    for n, index in zip(shape, indices, strict=True):
        places = index.astype(np.intp, copy=False)
        numbers = numbers * n + np.where(places < 0, places + n, places)
    return numbers


def _numbers_of_slices(shape: tuple[int, ...], axis: int, indices: Array) -> Array:
    """The numbers of the elements of slice `indices[i]` along `axis`, for each i.

    That of element [b, indices[i], a] is (b n + indices[i]) A + a: the axis has n places, with A elements behind each.
    """
    n, behind = shape[axis], math.prod(shape[axis + 1 :])
    rows = np.arange(math.prod(shape[:axis]))[:, None] * n + indices.reshape(-1) % n
    return rows[..., None] * behind + np.arange(behind)


def _holds_places(part) -> bool:
    return is_array(part) and part.dtype != bool_


def _is_whole(part) -> bool:
    return isinstance(part, slice) and part == slice(None)


def _picks_once(index) -> bool:
    """Whether no element can be taken twice: true for integers, slices, None, ... and masks."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) or _is_mask(part)
        for part in parts
    )


def _is_mask(part) -> bool:
    return getattr(part, "dtype", None) == bool_


def places_along(indices: Array, axis: int) -> tuple[Array, ...]:
    """What to index with so that each element of `indices` counts along `axis`, and stays in its place otherwise."""
    xp, ndim = array_module(indices), indices.ndim
    places = [xp.arange(n).reshape([-1 if a == b else 1 for b in range(ndim)]) for a, n in enumerate(indices.shape)]
    places[axis] = indices
    return tuple(places)
