"""Running totals along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.functions.reduction import one_axis, summable
from minigrad.functions.table import public
from minigrad.lift import differentiable
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


def _along(name: str, op: Callable, x: Tensor, dim: int, dtype: Any) -> Tensor:
    axis = one_axis(dim, x, name)
    return summable(x, dtype).clone() if axis is None else op(summable(x, dtype), axis=axis)
