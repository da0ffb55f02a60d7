"""Elements in order: the largest, the smallest, the middle one, sorting, and what occurs at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from minigrad.backend import array_module
from minigrad.functions.arithmetic import maximum, minimum
from minigrad.functions.reduction import amax, amin, not_empty, one_axis
from minigrad.functions.shape import reshape
from minigrad.functions.table import public, whole
from minigrad.lift import differentiable
from minigrad.ops import ordering, reduction
from minigrad.tensor import Tensor

_max = differentiable(ordering.max_forward, ordering.max_backward)
_min = differentiable(ordering.min_forward, ordering.min_backward)
_median = differentiable(ordering.median_forward, ordering.median_backward)
_median_of_all = differentiable(reduction.median_forward, reduction.median_backward)
_sort = differentiable(ordering.sort_forward, ordering.sort_backward)
_topk = differentiable(ordering.topk_forward, ordering.topk_backward)


class Picked(NamedTuple):
    """Elements picked along an axis, and where they were."""

    values: Tensor
    indices: Tensor


@public
def max(
    x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Tensor | Picked:
    """`max(x)`: the largest element; equal ones share the gradient.

    `max(x, dim)`: the largest along `dim`, as (values, indices); the first of equal ones, which takes all the gradient.
    `max(x, y)`: `maximum(x, y)`.
    """
    return _extreme("max", amax, _max, maximum, x, dim, keepdim, other)


@public
def min(
    x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Tensor | Picked:
    """`min(x)`: the smallest element; equal ones share the gradient.

    `min(x, dim)`: the smallest along `dim`, as (values, indices); the first of equal ones, which takes all the
    gradient. `min(x, y)`: `minimum(x, y)`.
    """
    return _extreme("min", amin, _min, minimum, x, dim, keepdim, other)


@public
def median(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | Picked:
    """The middle element in order, the lower one of two: of all, or along `dim` as (values, indices)."""
    if dim is None:
        return _median_of_all(x)
    not_empty(x, one_axis(dim, x, "median"), "median")
    return _along("median", _median, x, dim, keepdims=keepdim)


@public
def sort(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Picked:
    """The elements in order along `dim`, and where they were: (values, indices).

    stable: equal elements stay in x's order. They always do here; the name is PyTorch's.
    """
    return _along("sort", _sort, x, dim, descending=descending)


@public
def argsort(x: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The indices that put x in order along `dim`."""
    return sort(x.detach(), dim, descending).indices


@public
def topk(x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Picked:
    """The k largest (or smallest) elements along `dim`, in order, and where they were: (values, indices).

    sorted: they are in order anyhow; the name is PyTorch's.
    """
    axis = one_axis(dim, x, "topk")
    there = 1 if axis is None else x.shape[axis]
    k = whole(k, "topk", "k")
    if not (axis is None) <= k <= there:
        raise IndexError(f"topk: k must lie in 0..{there}, the length of dim {dim} of {x.shape}, got {k}.")
    return _along("topk", _topk, x, dim, k=k, largest=largest)


@public
def unique(
    x: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Tensor | tuple[Tensor, ...]:
    """The different elements (or slices along `dim`) in order, without gradient.

    return_inverse: also where each element of x is among them. return_counts: also how often each occurs.
    sorted: they are in order anyhow; the name is PyTorch's.
    """
    xp, axis = array_module(x.array), None if dim is None else one_axis(dim, x, "unique")
    found, inverse, counts = xp.unique(x.array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    result = [Tensor(found)]
    if return_inverse:
        result.append(Tensor(inverse.reshape(x.shape if axis is None else x.shape[axis])))
    if return_counts:
        result.append(Tensor(counts))
    return result[0] if len(result) == 1 else tuple(result)


def _extreme(
    name: str,
    of_all: Callable,
    along: Callable,
    of_two: Callable,
    x: Tensor,
    dim: int | Tensor | None,
    keepdim: bool,
    other: Tensor | None,
) -> Tensor | Picked:
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return of_two(x, other)
    if dim is None:
        not_empty(x, None, name)
        return of_all(x, keepdim=keepdim)
    not_empty(x, one_axis(dim, x, name), name)
    return _along(name, along, x, dim, keepdims=keepdim)


def _along(name: str, op: Callable, x: Tensor, dim: int, **settings: Any) -> Picked:
    """(values, indices) of `op` along `dim`; a 0-d tensor is taken as a vector of one."""
    axis = one_axis(dim, x, name)
    if axis is None:
        return Picked(*(reshape(part, ()) for part in op(reshape(x, (1,)), axis=0, **settings)))
    return Picked(*op(x, axis=axis, **settings))
