"""`x[index]` and `x[index] = values`, in PyTorch's meaning."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad.backend import ShapeError, bool_, int64, is_array
from minigrad.functions.table import METHODS
from minigrad.lift import differentiable
from minigrad.ops import shape
from minigrad.tape import state
from minigrad.tensor import Tensor

_getitem = differentiable(shape.getitem_forward, shape.getitem_backward)


def _index_array(index: Any) -> Any:
    """An index with Tensors in it, with their arrays instead."""
    if isinstance(index, tuple):
        return tuple(_index_array(part) for part in index)
    if isinstance(index, list):
        array = np.asarray([int(part) if isinstance(part, Tensor) else part for part in index])
        return array if array.size else array.astype(int64)
    if isinstance(index, Tensor):
        return int(index) if index.ndim == 0 and index.dtype.kind in "iu" else index.array
    return index


def _index_steps(index: Any) -> list:
    """`index` as one or two of NumPy's, to be taken one after the other.

    Where an integer stands beside an array, NumPy reads it as an array of one, which can put the picked axes in front:
    `x[0, :, [1, 2]]` would be of shape (2, n). PyTorch takes the integers (and slices) first, then the arrays: (n, 2).
    """
    index = _index_array(index)
    if not isinstance(index, tuple) or not builtins.any(map(is_array, index)):
        return [index]
    if not builtins.any(isinstance(part, (int, np.integer)) for part in index):
        return [index]
    first: list = []
    for part in index:  # an array waits, and with it the axes that it will pick from
        waits = part.ndim if getattr(part, "dtype", None) == bool_ else 1
        first += [slice(None)] * waits if is_array(part) else [part]
    then = [part for part in index if not isinstance(part, (int, np.integer))]
    return [tuple(first), tuple(part if is_array(part) or part is Ellipsis else slice(None) for part in then)]


def getitem(x: Tensor, index: Any) -> Tensor:
    for step in _index_steps(index):
        x = _getitem(x, index=step)
    return x


def setitem(x: Tensor, index: Any, values: Any) -> None:
    if state.here.grad_enabled and (x.requires_grad or getattr(values, "requires_grad", False)):
        raise RuntimeError(
            f"setitem: assigning to part of a tensor (shape {x.shape}) that is being differentiated is not supported. "
            "Build the result with where, cat or stack, or write inside `with mg.no_grad():`."
        )
    *first, last = _index_steps(index)
    try:
        place = x.array[first[0]] if first else x.array  # integers and slices give a view
        place[last] = values.array if isinstance(values, Tensor) else values
    except (ValueError, IndexError) as error:
        kind = IndexError if isinstance(error, IndexError) else ShapeError
        raise kind(f"setitem: {error}. The tensor has shape {x.shape}, the values {np.shape(values)}.") from None
    x.edited()


def iterate(x: Tensor):
    return (getitem(x, i) for i in range(len(x)))


METHODS.update(__getitem__=getitem, __setitem__=setitem, __iter__=iterate)
