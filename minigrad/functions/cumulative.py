"""Running totals along an axis, and the differences between neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import ShapeError
from minigrad.functions.pieces import cat
from minigrad.functions.reduction import one_axis, summable
from minigrad.functions.table import public, whole
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import cumulative
from minigrad.tensor import Tensor

_cumsum = differentiable(cumulative.cumsum_forward, cumulative.cumsum_backward)
_cumprod = differentiable(cumulative.cumprod_forward, cumulative.cumprod_backward)


@public
def cumsum(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Element i along `dim` is the sum of elements 0 to i. Integers and bools are summed as int64."""
    return _along("cumsum", _cumsum, x, dim, dtype)


@public
def cumprod(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Element i along `dim` is the product of elements 0 to i. Integers and bools are multiplied as int64."""
    return _along("cumprod", _cumprod, x, dim, dtype)


@public
@of_tensors
def diff(x: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """Each element along `dim` but the first, minus the one before it, n times over; of bools, whether they differ.

    prepend, append: what is put before and behind x first.
    """
    axis = one_axis(dim, x, "diff")
    if axis is None:
        raise ShapeError("diff: expected at least one axis, got a 0-d tensor.")
    if whole(n, "diff", "n") < 0:
        raise ValueError(f"diff: n must be a whole number, 0 or more, got {n}.")
    parts = [part for part in (prepend, x, append) if part is not None]
    x = cat(parts, axis) if len(parts) > 1 else x
    for _ in range(n):
        length = max(x.shape[axis] - 1, 0)
        later, earlier = x.narrow(axis, min(1, x.shape[axis]), length), x.narrow(axis, 0, length)
        x = later ^ earlier if x.dtype == bool else later - earlier
    return x


def _along(name: str, op: Callable, x: Tensor, dim: int, dtype: Any) -> Tensor:
    axis = one_axis(dim, x, name)
    return summable(x, dtype).clone() if axis is None else op(summable(x, dtype), axis=axis)
