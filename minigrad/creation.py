"""Making tensors: from data, filled with a value, and at random. Arguments as in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad import backend, random
from minigrad.backend import DtypeError, ShapeError, float32, int64, is_array, to_device
from minigrad.tensor import Tensor, as_array


def _finish(array: Any, device: Any, requires_grad: bool) -> Tensor:
    return Tensor(to_device(array, backend.device(device)), requires_grad)


def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new leaf with a copy of `data`: a number, nested lists, an array, or a Tensor (copied without its graph).

    Python numbers become float32, int64 or bool; an array keeps its dtype.
    """
    array = _read(data)
    array = array.astype(dtype) if dtype is not None else array.copy()
    where = device if device is not None else backend.device_of(array)
    return _finish(array, where, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a Tensor, sharing its memory where it can; a Tensor that fits is returned as it is."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    array = _read(data)
    array = array if dtype is None else array.astype(dtype, copy=False)
    return _finish(array, device if device is not None else backend.device_of(array), False)


def _read(data: Any) -> Any:
    """`data` as an array of numbers."""
    try:
        array = as_array(_without_tensors(data))
    except ValueError:
        raise ShapeError("tensor: the rows of nested lists must be equally long.") from None
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"tensor: expected numbers, got {type(data).__name__} (as an array: {array.dtype}).")
    return array


def _without_tensors(data: Any) -> Any:
    """Nested lists with numbers in the place of Tensors."""
    if isinstance(data, (list, tuple)):
        return [_without_tensors(part) for part in data]
    return data.tolist() if isinstance(data, Tensor) else data


def from_numpy(array: np.ndarray) -> Tensor:
    """A Tensor on the memory of a NumPy array."""
    if not is_array(array):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}.")
    return Tensor(_read(array))


def _shape(size: Sequence) -> tuple[int, ...]:
    if len(size) == 1 and not isinstance(size[0], (int, np.integer)):
        size = tuple(size[0])
    if any(n < 0 for n in size):
        raise ShapeError(f"a shape has no negative lengths, got {tuple(size)}.")
    return tuple(int(n) for n in size)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros (float32 unless asked otherwise), its size as numbers or as one sequence."""
    return _finish(np.zeros(_shape(size), dtype or float32), device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return _finish(np.ones(_shape(size), dtype or float32), device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of one value, whose type decides the dtype unless given."""
    value = as_array(fill_value)
    return _finish(np.full(_shape((size,)), value, dtype or value.dtype), device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity matrix (n, m)."""
    return _finish(np.eye(n, m, dtype=dtype or float32), device, requires_grad)


def arange(*bounds: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`arange(start=0, end, step=1)`: from start up to, not including, end. int64 for integers, else float32."""
    if not 1 <= len(bounds) <= 3 or bounds[2:] == (0,):
        raise ValueError(f"arange: expected end, or start and end, and perhaps a step that is not 0, got {bounds}.")
    whole = all(isinstance(bound, (int, np.integer)) for bound in bounds)
    return _finish(np.arange(*bounds).astype(dtype or (int64 if whole else float32)), device, requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included."""
    return _finish(np.linspace(start, end, steps).astype(dtype or float32), device, requires_grad)


def rand(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform on [0, 1)."""
    return _finish(_uniform(_shape(size), np.dtype(dtype or float32)), device, requires_grad)


def _uniform(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if dtype in (backend.float32, backend.float64):
        return random.generator().random(shape, dtype)
    return random.generator().random(shape, float32).astype(dtype)


def randn(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Standard normal."""
    return _finish(random.generator().standard_normal(_shape(size)).astype(dtype or float32), device, requires_grad)


def randint(*bounds: Any, size: Sequence[int] | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """`randint(low=0, high, size)`: integers from low up to, not including, high."""
    if size is None:
        *bounds, size = bounds  # type: ignore[assignment]
    low, high = bounds if len(bounds) == 2 else (0, *bounds)
    if low >= high:
        raise ValueError(f"randint: low must be less than high, got {low} and {high}.")
    return _finish(random.generator().integers(low, high, _shape((size,))).astype(dtype or int64), device, False)


def randperm(n: int, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """0..n-1 in random order."""
    return _finish(random.generator().permutation(n).astype(dtype), device, False)


def zeros_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros with x's shape, dtype and device."""
    return zeros(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


def ones_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones with x's shape, dtype and device."""
    return ones(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


def full_like(
    x: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value with x's shape, dtype and device."""
    return full(x.shape, fill_value, **_like(x, dtype, device), requires_grad=requires_grad)


def rand_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform on [0, 1), with x's shape, dtype and device."""
    return rand(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


def randn_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Standard normal, with x's shape, dtype and device."""
    return randn(x.shape, **_like(x, dtype, device), requires_grad=requires_grad)


def _like(x: Tensor, dtype: Any, device: Any) -> dict[str, Any]:
    return {"dtype": dtype or x.dtype, "device": device or x.device}
