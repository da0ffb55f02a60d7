"""Reductions: over all axes, one, or several."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import DtypeError, array_module, float16, float32, int64, is_float
from minigrad.bounds import remember_places
from minigrad.functions.arithmetic import where
from minigrad.functions.comparison import isnan
from minigrad.functions.conversion import to
from minigrad.functions.table import Dim, axes_of, public, wrap
from minigrad.lift import differentiable
from minigrad.ops import reduction
from minigrad.tensor import Tensor

_sum = differentiable(reduction.sum_forward, reduction.sum_backward)
_mean = differentiable(reduction.mean_forward, reduction.mean_backward)
_prod = differentiable(reduction.prod_forward, reduction.prod_backward)
_amax = differentiable(reduction.amax_forward, reduction.amax_backward)
_amin = differentiable(reduction.amin_forward, reduction.amin_backward)
_var = differentiable(reduction.var_forward, reduction.var_backward)
_std = differentiable(reduction.std_forward, reduction.std_backward)
_logsumexp = differentiable(reduction.logsumexp_forward, reduction.logsumexp_backward, floats=True)
_norm = differentiable(reduction.norm_forward, reduction.norm_backward)


@public
def sum(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` (an int, several, or None for all). Integers and bools are summed as int64."""
    return _sum(summable(x, dtype), axis=axes_of(dim, x, "sum"), keepdims=keepdim)


@public
def nansum(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`, as in `sum`, of what is not nan."""
    return sum(where(isnan(x), 0, x), dim, keepdim, dtype=dtype)


@public
def mean(x: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` (an int, several, or None for all) of a floating-point tensor."""
    return _mean(floating(x, dtype, "mean"), axis=axes_of(dim, x, "mean"), keepdims=keepdim)


@public
def prod(x: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over `dim` (None for all). Integers and bools are multiplied as int64."""
    return _prod(summable(x, dtype), axis=None if dim is None else one_axis(dim, x, "prod"), keepdims=keepdim)


@public
def amax(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The largest element over `dim` (an int, several, or None for all). Equal ones share the gradient."""
    return _amax(x, axis=_of_something(dim, x, "amax"), keepdims=keepdim)


@public
def amin(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The smallest element over `dim` (an int, several, or None for all). Equal ones share the gradient."""
    return _amin(x, axis=_of_something(dim, x, "amin"), keepdims=keepdim)


@public
def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) largest element along `dim`; of the flattened tensor for None."""
    return _index_of("argmax", x, dim, keepdim)


@public
def argmin(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) smallest element along `dim`; of the flattened tensor for None."""
    return _index_of("argmin", x, dim, keepdim)


@public
def var(
    x: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`: squared distances from the mean, their sum divided by n - correction (by default 1).

    `unbiased` is an older way to say correction=1 (True) or 0; `var(x, False)` is `var(x, unbiased=False)`.
    """
    return _deviation("var", _var, x, dim, unbiased, keepdim, correction)


@public
def std(
    x: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over `dim`: the root of `var`, with the same arguments."""
    return _deviation("std", _std, x, dim, unbiased, keepdim, correction)


@public
def var_mean(
    x: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """`var` and `mean`."""
    centre = mean(x, None if isinstance(dim, bool) else dim, keepdim)
    return _deviation("var_mean", _var, x, dim, unbiased, keepdim, correction), centre


@public
def std_mean(
    x: Tensor,
    dim: Dim | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """`std` and `mean`."""
    centre = mean(x, None if isinstance(dim, bool) else dim, keepdim)
    return _deviation("std_mean", _std, x, dim, unbiased, keepdim, correction), centre


@public
def logsumexp(x: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log Σ eˣ over `dim` (an int, or several), without overflow."""
    return _logsumexp(x, axis=axes_of(dim, x, "logsumexp"), keepdims=keepdim)


@public
def norm(x: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) over `dim` (an int, several, or None for all), of x as one long vector; "fro" is 2.

    p = inf is the largest |x|, -inf the smallest, 0 how many elements are not 0.
    """
    if p == "fro" or p is None:
        p = 2
    elif not isinstance(p, (int, float, np.integer, np.floating)):
        raise ValueError(f"norm: p must be a number, 'fro', inf or -inf, got {p!r}.")
    has_none = p < 0 or p == math.inf  # whether no elements have no norm
    axis = (_of_something if has_none else axes_of)(dim, x, "norm")
    return _in_float32(_norm, floating(x, dtype, "norm"), p=p, axis=axis, keepdims=keepdim)


@public
def count_nonzero(x: Tensor, dim: Dim = None) -> Tensor:
    """How many elements over `dim` (an int, several, or None for all) are not 0."""
    return Tensor((x.array != 0).sum(axis=axes_of(dim, x, "count_nonzero")))


@public
def all(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements (along `dim`) are true."""
    axis = () if dim in ((), []) else axes_of(dim, x, "all")  # here, unlike in sums, PyTorch reads no dims as none
    return Tensor(array_module(x.array).asarray(x.array.all(axis=axis, keepdims=bool(keepdim))))


@public
def any(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element (along `dim`) is true."""
    axis = () if dim in ((), []) else axes_of(dim, x, "any")  # here, unlike in sums, PyTorch reads no dims as none
    return Tensor(array_module(x.array).asarray(x.array.any(axis=axis, keepdims=bool(keepdim))))


# -- arguments ---------------------------------------------------------------------------------------------------------


def summable(x: Tensor, dtype: Any = None) -> Tensor:
    """x in the dtype that was asked for; integers and bools, if none was, as int64."""
    return to(x, dtype or (x.dtype if is_float(x.dtype) else int64))


def floating(x: Tensor, dtype: Any, name: str) -> Tensor:
    """x in the dtype that was asked for; a floating-point one."""
    x = to(x, dtype)
    if not is_float(x.dtype):
        raise DtypeError(
            f"{name}: expected a floating-point tensor, got {x.dtype}. Convert it first: x.float().{name}(...)."
        )
    return x


def one_axis(dim: int, x: Tensor, name: str) -> int | None:
    """`dim` as one axis counted from the start; None for a 0-d tensor, which has but one element."""
    if not isinstance(dim, (int, np.integer)):
        raise TypeError(f"{name}: dim must be one int, got {dim!r}.")
    axis = wrap(dim, x.ndim, name)
    return axis if x.ndim else None


def not_empty(x: Tensor, axis: int | tuple[int, ...] | None, name: str) -> None:
    """Raise if there are no elements along `axis` to pick one from."""
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    if builtins.any(x.shape[a] == 0 for a in axes):
        raise IndexError(f"{name}: of no elements there is none to give (shape {x.shape}, axis {axis}).")


def _of_something(dim: Dim, x: Tensor, name: str) -> tuple[int, ...] | None:
    axes = axes_of(dim, x, name)
    not_empty(x, axes, name)
    return axes


def _index_of(name: str, x: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    axis = None if dim is None else one_axis(dim, x, name)
    not_empty(x, axis, name)
    places = array_module(x.array).asarray(getattr(x.array, name)(axis=axis, keepdims=keepdim))
    remember_places(places, x.numel() if axis is None else x.shape[axis])
    return Tensor(places)


def _deviation(
    name: str,
    op: Callable,
    x: Tensor,
    dim: Dim | bool,
    unbiased: bool | None,
    keepdim: bool,
    correction: float | None,
) -> Tensor:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}: give either unbiased or correction, not both.")
    if correction is None:
        correction = 0 if unbiased is False else 1
    settings = {"axis": axes_of(dim, x, name), "keepdims": keepdim, "correction": correction}
    return _in_float32(op, floating(x, None, name), **settings)


def _in_float32(op: Callable, x: Tensor, **settings: Any) -> Tensor:
    """op(x), for float16 by way of float32: the squares of its numbers are too large for it."""
    return to(op(to(x, float32), **settings), float16) if x.dtype == float16 else op(x, **settings)
