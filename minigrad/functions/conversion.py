"""Copies: as they are, in another dtype, on another device."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import CPU, Device, float32, float64, int64
from minigrad.backend import device as read_device
from minigrad.functions.table import method, public
from minigrad.lift import differentiable
from minigrad.ops import shape
from minigrad.tensor import Tensor

_copy = differentiable(shape.copy_forward, shape.copy_backward)


@public
def clone(x: Tensor) -> Tensor:
    """A copy, in the graph."""
    return _copy(x)


@method
def to(
    x: Tensor, *wanted: Any, dtype: Any = None, device: Any = None, copy: bool = False, non_blocking: bool = False
) -> Tensor:
    """x in another dtype, on another device, or like another tensor; x itself if nothing changes, unless `copy`.

    non_blocking is PyTorch's and makes no difference here.
    """
    where: Device | None = None if device is None else read_device(device)
    for want in wanted:
        if isinstance(want, Tensor):
            dtype, where = want.dtype, want.device
        elif isinstance(want, Device) or (isinstance(want, str) and want.partition(":")[0] in ("cpu", "cuda")):
            where = read_device(want)
        elif want is not None:
            dtype = want
    dtype = x.dtype if dtype is None else np.dtype(dtype)
    where = where or x.device
    if dtype == x.dtype and where == x.device and not copy:
        return x
    return _copy(x, dtype=dtype, where=where)


@method
def cpu(x: Tensor) -> Tensor:
    """x in ordinary memory."""
    return to(x, device=CPU)


@method
def cuda(x: Tensor, index: int = 0) -> Tensor:
    """x on a GPU."""
    return to(x, device=Device("cuda", index))


@method
def float(x: Tensor) -> Tensor:
    """x as float32."""
    return to(x, float32)


@method
def double(x: Tensor) -> Tensor:
    """x as float64."""
    return to(x, float64)


@method
def long(x: Tensor) -> Tensor:
    """x as int64."""
    return to(x, int64)
