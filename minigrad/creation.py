"""Making tensors: from data, filled with a value, and at random. Arguments as in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad import backend, random
from minigrad.backend import float32, int64, is_array, to_device
from minigrad.tensor import Tensor, as_array


def _finish(array: Any, device: Any, requires_grad: bool) -> Tensor:
    return Tensor(to_device(array, backend.device(device)), requires_grad)


def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new leaf with a copy of `data`: a number, nested lists, an array, or a Tensor (copied without its graph).

    Python numbers become float32, int64 or bool; an array keeps its dtype.
    """
    if isinstance(data, (list, tuple)) and any(isinstance(part, Tensor) for part in data):
        data = [part.tolist() for part in data]
    array = as_array(data)
    array = array.astype(dtype) if dtype is not None else array.copy()
    where = device if device is not None else backend.device_of(array)
    return _finish(array, where, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a Tensor, sharing its memory where it can; a Tensor that fits is returned as it is."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    array = as_array(data)
    array = array if dtype is None else array.astype(dtype, copy=False)
    return _finish(array, device if device is not None else backend.device_of(array), False)


def from_numpy(array: np.ndarray) -> Tensor:
    """A Tensor on the memory of a NumPy array."""
    if not is_array(array):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}.")
    return Tensor(array)


def _shape(size: Sequence) -> tuple[int, ...]:
    if len(size) == 1 and not isinstance(size[0], (int, np.integer)):
        size = tuple(size[0])
    return tuple(int(n) for n in size)


def zeros(*size: Any, dtype: Any = float32, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros, its size as numbers or as one sequence."""
    return _finish(np.zeros(_shape(size), dtype), device, requires_grad)


def ones(*size: Any, dtype: Any = float32, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return _finish(np.ones(_shape(size), dtype), device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of one value, whose type decides the dtype unless given."""
    value = as_array(fill_value)
    return _finish(np.full(_shape((size,)), value, dtype or value.dtype), device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = float32, device: Any = None) -> Tensor:
    """The identity matrix (n, m)."""
    return _finish(np.eye(n, m, dtype=dtype), device, False)


def arange(*bounds: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers from start (0) up to, not including, end, in steps (1): int64 for integers, else float32."""
    whole = all(isinstance(bound, (int, np.integer)) for bound in bounds)
    return _finish(np.arange(*bounds).astype(dtype or (int64 if whole else float32)), device, requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = float32, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included."""
    return _finish(np.linspace(start, end, steps).astype(dtype), device, requires_grad)


def rand(*size: Any, dtype: Any = float32, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform on [0, 1)."""
    return _finish(_uniform(_shape(size), np.dtype(dtype)), device, requires_grad)


def _uniform(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if dtype in (backend.float32, backend.float64):
        return random.generator().random(shape, dtype)
    return random.generator().random(shape, float32).astype(dtype)


def randn(*size: Any, dtype: Any = float32, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Standard normal."""
    return _finish(random.generator().standard_normal(_shape(size)).astype(dtype), device, requires_grad)


def randint(*bounds_and_size: Any, dtype: Any = int64, device: Any = None) -> Tensor:
    """`randint(low=0, high, size)`: integers from low up to, not including, high."""
    *bounds, size = bounds_and_size
    return _finish(
        random.generator()
        .integers(*bounds, size=_shape((size,)))  # type: ignore[call-overload]
        .astype(dtype),
        device,
        False,
    )


def randperm(n: int, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """0..n-1 in random order."""
    return _finish(random.generator().permutation(n).astype(dtype), device, False)


def zeros_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros with x's shape, dtype and device."""
    return zeros(x.shape, dtype=dtype or x.dtype, device=x.device, requires_grad=requires_grad)


def ones_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones with x's shape, dtype and device."""
    return ones(x.shape, dtype=dtype or x.dtype, device=x.device, requires_grad=requires_grad)


def full_like(x: Tensor, fill_value: Any, *, dtype: Any = None) -> Tensor:
    """One value with x's shape, dtype and device."""
    return full(x.shape, fill_value, dtype=dtype or x.dtype, device=x.device)


def rand_like(x: Tensor, *, dtype: Any = None) -> Tensor:
    """Uniform on [0, 1), with x's shape, dtype and device."""
    return rand(x.shape, dtype=dtype or x.dtype, device=x.device)


def randn_like(x: Tensor, *, dtype: Any = None) -> Tensor:
    """Standard normal, with x's shape, dtype and device."""
    return randn(x.shape, dtype=dtype or x.dtype, device=x.device)
