"""Copies: as they are, in another dtype, on another device."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import (
    CPU,
    Device,
    DtypeError,
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from minigrad.backend import device as read_device
from minigrad.functions.table import method, public
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import shape
from minigrad.tensor import Tensor

_copy = differentiable(shape.copy_forward, shape.copy_backward)


@public
@of_tensors
def clone(input: Tensor) -> Tensor:
    """A copy, in the graph."""
    return _copy(input)


@method
def contiguous(x: Tensor) -> Tensor:
    """x with its elements in row-major order in memory: x itself if they are."""
    return x if x.is_contiguous() else _copy(x, order="C")


@method
def to(
    x: Tensor, *wanted: Any, dtype: Any = None, device: Any = None, copy: bool = False, non_blocking: bool = False
) -> Tensor:
    """x in another dtype, on another device, or like another tensor; x itself if nothing changes, unless `copy`.

    non_blocking is PyTorch's and makes no difference here: the host never waits for what it sends.
    """
    where: Device | None = None if device is None else read_device(device)
    flags = [want for want in wanted if isinstance(want, bool)]  # PyTorch's non_blocking and copy
    for want in wanted:
        if isinstance(want, Tensor):
            dtype, where = want.dtype, want.device
        elif isinstance(want, np.dtype):
            dtype = want
        elif isinstance(want, (int, np.integer)) or str(want).partition(":")[0] in ("cpu", "cuda"):
            where = where if isinstance(want, bool) else read_device(want)
        elif want is not None:
            dtype = want
    copy = copy or flags[1:2] == [True]
    try:
        dtype = as_dtype(dtype, default=x.dtype)
    except DtypeError:
        raise DtypeError(
            f"to: expected a dtype, such as mg.float64, or a device, 'cpu', 'cuda' or 'cuda:N', got {dtype!r}."
        ) from None
    where = where or x.device
    if dtype == x.dtype and where == x.device and not copy:
        return x
    return _copy(x, dtype=dtype, where=where)


@method
def cpu(x: Tensor) -> Tensor:
    """x in ordinary memory."""
    return to(x, device=CPU)


@method
def cuda(x: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """x on a GPU, the current one if it is not said which. non_blocking is PyTorch's and makes no difference here."""
    return to(x, device="cuda" if device is None else device)


@method
@of_tensors
def type(x: Tensor, dtype: Any = None) -> Any:
    """x in another dtype; without one, the name of its own."""
    return str(x.dtype) if dtype is None else to(x, dtype=dtype)


@of_tensors
def is_floating_point(x: Tensor) -> bool:
    """Whether the elements are floats."""
    return x.is_floating_point()


@method
@of_tensors
def type_as(x: Tensor, other: Tensor) -> Tensor:
    """x in the dtype and on the device of `other`."""
    return to(x, dtype=other.dtype, device=other.device)


def _converter(name: str, dtype: np.dtype) -> None:
    def convert(x: Tensor) -> Tensor:
        return to(x, dtype=dtype)

    convert.__name__, convert.__qualname__, convert.__doc__ = name, name, f"x as {dtype}."
    method(convert)


_converter("half", float16)
_converter("float", float32)
_converter("double", float64)
_converter("short", int16)
_converter("int", int32)
_converter("long", int64)
_converter("byte", uint8)
_converter("char", int8)
_converter("bool", bool_)
