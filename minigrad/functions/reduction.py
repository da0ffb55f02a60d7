"""Reductions: over all axes, one, or several."""

from __future__ import annotations

from typing import Any

from minigrad.backend import DtypeError, array_module, int64, is_float
from minigrad.functions.conversion import to
from minigrad.functions.table import Dim, axes_of, public, wrap
from minigrad.lift import differentiable
from minigrad.ops import reduction
from minigrad.tensor import Tensor

_sum = differentiable(reduction.sum_forward, reduction.sum_backward)
_mean = differentiable(reduction.mean_forward, reduction.mean_backward)


@public
def sum(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` (an int, several, or None for all). Integers and bools are summed as int64."""
    wanted = dtype or (x.dtype if is_float(x.dtype) else int64)
    return _sum(to(x, wanted), axis=axes_of(dim, x, "sum"), keepdims=keepdim)


@public
def mean(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` (an int, several, or None for all) of a floating-point tensor."""
    x = to(x, dtype)
    if not is_float(x.dtype):
        raise DtypeError(f"mean: expected a floating-point tensor, got {x.dtype}. Convert it first: x.float().mean().")
    return _mean(x, axis=axes_of(dim, x, "mean"), keepdims=keepdim)


@public
def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) largest element along `dim`; of the flattened tensor for None."""
    axis = None if dim is None else wrap(dim, x.ndim, "argmax")
    if 0 in (x.shape if axis is None else x.shape[axis : axis + 1]):
        raise IndexError(f"argmax: none is the largest of no elements (shape {x.shape}, dim {dim}).")
    return Tensor(array_module(x.array).asarray(x.array.argmax(axis=axis, keepdims=keepdim)))


@public
def all(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements (along `dim`) are true."""
    return Tensor(array_module(x.array).asarray(x.array.all(axis=axes_of(dim, x, "all"), keepdims=keepdim)))


@public
def any(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element (along `dim`) is true."""
    return Tensor(array_module(x.array).asarray(x.array.any(axis=axes_of(dim, x, "any"), keepdims=keepdim)))
