"""Writing into a tensor's own memory: `x.add_(y)`, `x += y`, `x.fill_(0)`.

What is written over may be what some backward still needs, so each write is noted (`tape.edits`), and refused where the
tensor itself is part of a graph that is being recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import DtypeError, ShapeError, is_writable, kind_rank
from minigrad.functions.table import METHODS, TABLE, operand
from minigrad.lift import of_tensors
from minigrad.tape import state
from minigrad.tensor import Tensor, as_array


def write(x: Tensor, values: Any, name: str, *operands: Any) -> Tensor:
    """Put `values`, which come from `operands`, into x's memory, and note it."""
    if state.here.grad_enabled and any(isinstance(operand, Tensor) and operand.requires_grad for operand in operands):
        raise RuntimeError(
            f"{name}: another operand requires grad, and an in-place result is not recorded. "
            "Compute a new tensor instead (y = y + x)."
        )
    if state.here.grad_enabled and x.requires_grad:
        what = "a leaf that requires grad" if x.is_leaf else "part of a graph"
        raise RuntimeError(
            f"{name}: this tensor (shape {x.shape}) is {what} and cannot be changed in place. Compute a new one "
            "(y = y + 1), or write inside `with mg.no_grad():`."
        )
    check_fits(x, values, name)
    if not is_writable(x.array):
        raise not_writable(x, name)
    x.array[...] = values
    return x.edited()


def not_writable(x: Tensor, name: str) -> RuntimeError:
    """The error of an x that must not be written to."""
    return RuntimeError(
        f"{name}: this tensor (shape {x.shape}) looks into memory that must not be written to, such as that of expand, "
        "where elements are shared. Change a clone()."
    )


def check_fits(x: Tensor, values: Any, name: str) -> None:
    """Raise unless `values` can take the place of x's: they broadcast to its shape, and their kind is no higher."""
    if not hasattr(values, "dtype"):  # a number
        return
    if kind_rank(values.dtype) > kind_rank(x.dtype):
        raise DtypeError(f"{name}: a {values.dtype} result cannot be written into a {x.dtype} tensor.")
    added = x.ndim - len(values.shape)
    if added < 0 or any(n not in (1, m) for n, m in zip(values.shape, x.shape[added:], strict=True)):
        raise ShapeError(f"{name}: a result of shape {values.shape} does not fit in place of {x.shape}.")


def in_place(name: str, op: Callable) -> Callable:
    """The method `x.add_(y)`: x + y, written over x."""

    def method(x: Tensor, *args: Any, **settings: Any) -> Tensor:
        return write(x, op(x.detach(), *args, **settings).array, name, *args, *settings.values())

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"{op.__name__}, written into this tensor's own memory. Not for tensors in a graph."
    METHODS[name] = of_tensors(method)
    return METHODS[name]


def in_place_forms(names: str) -> None:
    """The methods `exp_`, `sqrt_`, ... of functions in the table, given by their names in a row."""
    for name in names.split():
        in_place(f"{name}_", TABLE[name])


def augmented(op: Callable, method: Callable) -> Callable:
    """`x += y`: in place where nothing is recorded; where something is, a new tensor of x's shape and dtype."""

    def assign(x: Tensor, y: Any) -> Tensor:
        in_graph = not x.is_leaf or (isinstance(y, Tensor) and y.requires_grad and not x.requires_grad)
        if state.here.grad_enabled and in_graph:
            result = op(x, y)
            check_fits(x, result, method.__name__)
            return result.to(x.dtype)
        return method(x, y)

    return assign


def fill_(x: Tensor, value: Any) -> Tensor:
    """Set every element to `value`."""
    return write(x, as_array(operand(value, "fill_"), like=x.array).astype(x.dtype), "fill_", value)


def zero_(x: Tensor) -> Tensor:
    """Set every element to 0."""
    return write(x, 0, "zero_")


def copy_(x: Tensor, other: Any) -> Tensor:
    """Copy the elements of `other` (broadcast, converted) into this tensor."""
    return write(x, as_array(operand(other, "copy_"), like=x.array).astype(x.dtype), "copy_", other)


METHODS.update(fill_=fill_, zero_=zero_, copy_=copy_)
