"""Other shapes, other places: reshape, permute, expand, join and cut."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence

import numpy as np

from minigrad.backend import ShapeError, result_type
from minigrad.functions.conversion import to
from minigrad.functions.table import METHODS, Dim, method, public, sizes_of, wrap
from minigrad.lift import differentiable
from minigrad.ops import shape
from minigrad.tensor import Tensor

_reshape = differentiable(shape.reshape_forward, shape.reshape_backward)
_permute = differentiable(shape.permute_forward, shape.permute_backward)
_expand = differentiable(shape.expand_forward, shape.expand_backward)
_getitem = differentiable(shape.getitem_forward, shape.getitem_backward)
_cat = differentiable(shape.cat_forward, shape.cat_backward)
_stack = differentiable(shape.stack_forward, shape.stack_backward)


@public
def reshape(x: Tensor, *sizes: int | Sequence[int]) -> Tensor:
    """The same elements, in the same order, with another shape; one size may be -1."""
    return _reshape(x, shape=sizes_of(sizes))


@public
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Make one axis of the axes `start_dim` to `end_dim` (inclusive)."""
    ndim = builtins.max(x.ndim, 1)
    start, end = wrap(start_dim, ndim, "flatten"), wrap(end_dim, ndim, "flatten")
    if start > end:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} for shape {x.shape}.")
    middle = x.shape[start : end + 1]
    return reshape(x, x.shape[:start] + (math.prod(middle),) + x.shape[end + 1 :])


@public
def squeeze(x: Tensor, dim: Dim = None) -> Tensor:
    """Drop axes of length 1: all of them, or those in `dim` (others are left as they are)."""
    asked = range(x.ndim) if dim is None else (dim,) if isinstance(dim, (int, np.integer)) else dim
    dropped = {wrap(d, x.ndim, "squeeze") for d in asked}
    return reshape(x, tuple(n for a, n in enumerate(x.shape) if not (a in dropped and n == 1)))


@public
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """Add an axis of length 1 at `dim`."""
    place = wrap(dim, x.ndim + 1, "unsqueeze")
    return reshape(x, x.shape[:place] + (1,) + x.shape[place:])


@public
def permute(x: Tensor, *dims: int | Sequence[int]) -> Tensor:
    """Reorder the axes: axis i of the result is axis `dims[i]` of x."""
    order = sizes_of(dims)
    if sorted(wrap(d, x.ndim, "permute") for d in order) != list(range(x.ndim)):
        raise ShapeError(f"permute: expected each axis of {x.shape} once, got {order}.")
    return _permute(x, axes=order)


@public
def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes."""
    order = list(range(x.ndim)) or [0]
    first, second = wrap(dim0, x.ndim, "transpose"), wrap(dim1, x.ndim, "transpose")
    order[first], order[second] = second, first
    return _permute(x, axes=tuple(order[: x.ndim]))


@public
def t(x: Tensor) -> Tensor:
    """The transpose of a matrix (a vector or scalar is left as it is)."""
    if x.ndim > 2:
        raise ShapeError(f"t: expected at most 2 axes, got shape {x.shape}. Use transpose(dim0, dim1) or permute.")
    return _permute(x, axes=tuple(reversed(range(x.ndim))))


@method
def expand(x: Tensor, *sizes: int | Sequence[int]) -> Tensor:
    """Repeat x along new axes (on the left) and axes of length 1, without copying; -1 keeps an axis."""
    wanted = sizes_of(sizes)
    added = len(wanted) - x.ndim
    result = wanted[:added] + tuple(
        old if new == -1 else new for new, old in zip(wanted[added:], x.shape, strict=False)
    )
    if (
        added < 0
        or -1 in result
        or builtins.any(old not in (1, n) for n, old in zip(result[added:], x.shape, strict=True))
    ):
        raise ShapeError(f"expand: only axes of length 1 and new axes on the left can grow, got {x.shape} to {wanted}.")
    return _expand(x, shape=result)


@public
def broadcast_to(x: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` with the shape as one argument."""
    return expand(x, size)


@public
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along an axis that they have."""
    return _cat(_alike(tensors, "cat"), axis=dim)


@public
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The equally shaped tensors one after another along a new axis."""
    return _stack(_alike(tensors, "stack"), axis=dim)


def _alike(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    """The tensors in their common dtype."""
    if len(tensors) == 0:
        raise ShapeError(f"{name}: expected at least one tensor, got none.")
    common = result_type(*tensors)
    return [to(tensor, common) for tensor in tensors]


METHODS.update(
    view=reshape,
    T=property(lambda x: _permute(x, axes=tuple(reversed(range(x.ndim)))), doc="All axes reversed."),
)
