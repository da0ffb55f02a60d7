"""Making tensors: from data, filled with a value, and at random. Arguments as in PyTorch."""

from __future__ import annotations

import builtins
import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad import backend, random
from minigrad.backend import DtypeError, ShapeError, as_dtype, int64, is_array, is_float, promote_types, to_device
from minigrad.bounds import known_elsewhere
from minigrad.lift import of_tensors
from minigrad.tensor import Tensor, as_array

# -- from data ---------------------------------------------------------------------------------------------------------


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A new leaf with a copy of `data`: a number, nested lists, an array, or a Tensor (copied without its graph).

    Python numbers become float32, int64 or bool; an array keeps its dtype.
    name: what the teaching views call it; without one, what the user's code calls it.
    """
    array = _read(data, dtype).copy()
    leaf = _finish(array, backend.device_of(array) if device is None else device, requires_grad)
    if name is not None:
        leaf.name = name
    return leaf


@of_tensors
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a Tensor, sharing its memory where it can; a Tensor that fits is returned as it is."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    array = _read(data, dtype)
    return _finish(array, backend.device_of(array) if device is None else device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A Tensor on the memory of a NumPy array."""
    if not is_array(array):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}.")
    return Tensor(_read(array))


def from_dlpack(thing: Any) -> Tensor:
    """A Tensor on the memory of another library's array or tensor, exchanged by DLPack: no element is copied."""
    if isinstance(thing, Tensor):
        return thing.detach()
    if not hasattr(thing, "__dlpack__"):
        raise TypeError(f"from_dlpack: expected something with __dlpack__, got {type(thing).__name__}.")
    on_cpu = thing.__dlpack_device__()[0] == 1
    if not on_cpu and not backend.cuda_available():
        raise RuntimeError("from_dlpack: its memory is on a GPU, which needs CuPy and a GPU here.")
    xp = np if on_cpu else __import__("cupy")
    try:
        array = xp.from_dlpack(thing)
    except (BufferError, RuntimeError) as error:
        raise type(error)(f"from_dlpack: the {type(thing).__name__} could not be shared: {error}") from None
    known_elsewhere(array)
    return Tensor(array)


def _finish(array: Any, device: Any = None, requires_grad: bool = False) -> Tensor:
    return Tensor(to_device(array, backend.device(device)), requires_grad)


def _read(data: Any, dtype: Any = None, name: str = "tensor") -> Any:
    """`data` as an array of numbers, in the dtype that was asked for (read as exactly as that one can), or its own."""
    if isinstance(data, Tensor) or is_array(data):
        array, own = as_array(data), None
    else:
        kinds: set = set()
        try:
            array = np.asarray(_opened(data, kinds))
        except ValueError:
            raise ShapeError(f"{name}: the rows of nested lists must be equally long.") from None
        own = _common_dtype(kinds, array)
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"{name}: expected numbers, got {type(data).__name__} (as an array: {array.dtype}).")
    return array.astype(as_dtype(dtype, own or array.dtype), copy=False)


def _opened(data: Any, kinds: set) -> Any:
    """Nested lists with arrays in the place of Tensors. `kinds` collects the dtypes, and the types of numbers."""
    if isinstance(data, (list, tuple, range)):
        return [_opened(part, kinds) for part in data]
    if isinstance(data, Tensor) or is_array(data):
        data = backend.to_host(as_array(data))
    kinds.add(getattr(data, "dtype", type(data)))
    return data


def _common_dtype(kinds: set, array: np.ndarray) -> np.dtype:
    """What a list of numbers and arrays becomes: Python's floats are float32 unless something wider is among them."""
    if array.dtype == np.uint64 and int in kinds:
        raise OverflowError("tensor: a number does not fit in int64.")
    dtypes = [kind if isinstance(kind, np.dtype) else backend.PYTHON_DTYPES.get(kind, array.dtype) for kind in kinds]
    if array.dtype.kind not in "biuf":
        return array.dtype
    return functools.reduce(promote_types, dtypes) if dtypes else backend.get_default_dtype()


# -- filled with a value -----------------------------------------------------------------------------------------------


def zeros(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros (float32 unless asked otherwise), its size as numbers or as one sequence."""
    return _finish(np.zeros(_shape("zeros", sizes, size), as_dtype(dtype)), device, requires_grad)


def ones(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return _finish(np.ones(_shape("ones", sizes, size), as_dtype(dtype)), device, requires_grad)


def empty(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor to be filled by its user. What it holds before is not defined."""
    return _finish(np.empty(_shape("empty", sizes, size), as_dtype(dtype)), device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of one value, whose type decides the dtype unless given."""
    value = _read(fill_value, dtype, "full")
    if value.size != 1:
        raise ShapeError(f"full: expected one number, got shape {value.shape}.")
    filled = np.full(_shape("full", (size,)), backend.to_host(value).reshape(()), value.dtype)
    return _finish(filled, device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity matrix (n, m)."""
    rows, columns = _shape("eye", (n, n if m is None else m))
    return _finish(np.eye(rows, columns, dtype=as_dtype(dtype)), device, requires_grad)


def arange(
    *bounds: Any,
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`arange(start=0, end, step=1)`: from start up to, not including, end. int64 for integers, else float32."""
    if len(bounds) == 1 and end is None:
        end = bounds[0]
    elif len(bounds) <= 3:
        start, end, step = (*bounds, *(start, end, step)[len(bounds) :])
    if end is None or len(bounds) > 3:
        raise ValueError(f"arange: expected end, or start and end, and perhaps a step, got {bounds}.")
    start, end, step = (_number("arange", bound) for bound in (start, end, step))
    if step == 0 or not 0 <= (end - start) / step < math.inf:
        raise ValueError(f"arange: expected end, and a step that leads to it from start, got {start}, {end} by {step}.")
    whole = not builtins.any(isinstance(bound, float) for bound in (start, end, step))
    return _finish(np.arange(start, end, step).astype(as_dtype(dtype, int64 if whole else None)), device, requires_grad)


@of_tensors
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included."""
    return _finish(_spaced("linspace", start, end, steps).astype(as_dtype(dtype)), device, requires_grad)


@of_tensors
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """base ** x for `steps` evenly spaced x from start to end, both included."""
    powers = float(base) ** _spaced("logspace", start, end, steps)
    return _finish(powers.astype(as_dtype(dtype)), device, requires_grad)


def _spaced(name: str, start: Any, end: Any, steps: int) -> np.ndarray:
    (count,) = _shape(name, (steps,))
    return np.linspace(_number(name, start), _number(name, end), count)


def _shape(name: str, sizes: Sequence, size: Any = None) -> tuple[int, ...]:
    """The shape that was asked for, as numbers, as one sequence, or by `size=`."""
    sizes = sizes if size is None else (*sizes, size)
    if not sizes:
        raise TypeError(f"{name}: expected a size, as in {name}(2, 3) or {name}((2, 3)).")
    try:
        if len(sizes) == 1 and not hasattr(sizes[0], "__index__"):
            sizes = tuple(sizes[0])
        lengths = tuple(map(operator.index, sizes))
    except TypeError:
        raise DtypeError(f"{name}: a size is made of whole numbers, got {', '.join(map(repr, sizes))}.") from None
    if builtins.any(n < 0 for n in lengths):
        raise ShapeError(f"{name}: a shape has no negative lengths, got {lengths}.")
    return lengths


def _number(name: str, value: Any) -> int | float:
    """A Python number, of a Tensor or array of one element too."""
    if isinstance(value, (int, float)):
        return value
    array = _read(value, None, name)
    if array.size != 1:
        raise ShapeError(f"{name}: expected one number, got shape {array.shape}.")
    return array.item()


# -- at random ---------------------------------------------------------------------------------------------------------


def rand(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform on [0, 1)."""
    shape, dtype = _shape("rand", sizes, size), _float_dtype("rand", dtype)
    drawn_as = backend.float32 if dtype == backend.float16 else dtype
    drawn = random.uniform(shape, drawn_as, backend.device(device), generator)
    return Tensor(drawn.astype(dtype, copy=False), requires_grad)


def randn(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal."""
    shape, dtype = _shape("randn", sizes, size), _float_dtype("randn", dtype)
    return _finish(random.generator(generator).standard_normal(shape).astype(dtype), device, requires_grad)


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with a mean and a standard deviation, each a number (then give `size`) or a Tensor, one for each."""
    mean, std = (_read(value, backend.float64, "normal") for value in (mean, std))
    if builtins.any((backend.to_host(std) < 0).flat):
        raise ValueError(f"normal: a standard deviation is not negative, got {backend.to_host(std).min()}.")
    try:
        shape = _shape("normal", (size,)) if size is not None else np.broadcast_shapes(mean.shape, std.shape)
        mean, std = (np.broadcast_to(backend.to_host(value), shape) for value in (mean, std))
    except ValueError:
        raise ShapeError(f"normal: mean {mean.shape} and std {std.shape} do not fit together.") from None
    drawn = mean + std * random.generator(generator).standard_normal(shape)
    return _finish(drawn.astype(_float_dtype("normal", dtype)), device, requires_grad)


@of_tensors
def randint(
    *bounds: Any,
    low: int = 0,
    high: int | None = None,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`randint(low=0, high, size)`: integers from low up to, not including, high."""
    if size is None and bounds:
        *bounds, size = bounds  # type: ignore[assignment]
    if high is None and bounds:
        *bounds, high = bounds  # type: ignore[assignment]
    if bounds:
        low, *bounds = bounds  # type: ignore[assignment]
    if bounds or high is None or size is None:
        raise TypeError("randint: expected randint(high, size) or randint(low, high, size).")
    try:
        low, high = (operator.index(bound) for bound in (low, high))
    except TypeError:
        raise TypeError(f"randint: low and high must be ints, got {low!r} and {high!r}.") from None
    if low >= high:
        raise ValueError(f"randint: low must be less than high, got {low} and {high}.")
    drawn = random.generator(generator).integers(low, high, _shape("randint", (size,)))
    return _finish(drawn.astype(as_dtype(dtype, int64)), device, requires_grad)


@of_tensors
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """0..n-1 in random order."""
    (count,) = _shape("randperm", (n,))
    drawn = random.generator(generator).permutation(count)
    return _finish(drawn.astype(as_dtype(dtype, int64)), device, requires_grad)


def _float_dtype(name: str, dtype: Any) -> np.dtype:
    dtype = as_dtype(dtype)
    if not is_float(dtype):
        raise DtypeError(f"{name}: random fractions need a floating-point dtype, got {dtype}.")
    return dtype


# -- like another tensor -----------------------------------------------------------------------------------------------


def _like(name: str, make: Callable, doc: str) -> Callable:
    """`make`, with the shape, dtype and device of a Tensor, unless others are given."""

    def make_like(x: Tensor, *values: Any, dtype: Any = None, device: Any = None, **settings: Any) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: expected a Tensor, got {type(x).__name__}.")
        settings.update(dtype=x.dtype if dtype is None else dtype, device=x.device if device is None else device)
        return make(*values, size=x.shape, **settings)

    make_like.__name__ = make_like.__qualname__ = name
    make_like.__doc__ = f"{doc}, with x's shape, dtype and device unless others are given."
    return of_tensors(make_like)


zeros_like = _like("zeros_like", zeros, "Zeros")
ones_like = _like("ones_like", ones, "Ones")
empty_like = _like("empty_like", empty, "A tensor to be filled")
full_like = _like("full_like", lambda fill_value, *, size, **settings: full(size, fill_value, **settings), "One value")
rand_like = _like("rand_like", rand, "Uniform on [0, 1)")
randn_like = _like("randn_like", randn, "Standard normal")
randint_like = _like(
    "randint_like", randint, "`randint_like(x, low=0, high)`: integers from low up to, not including, high"
)


def _new(make: Callable, doc: str) -> None:
    """Give Tensor a method that makes another one with its dtype and device unless others are given."""

    def make_new(self: Tensor, *args: Any, dtype: Any = None, device: Any = None, **settings: Any) -> Tensor:
        dtype, device = self.dtype if dtype is None else dtype, self.device if device is None else device
        return make(*args, dtype=dtype, device=device, **settings)

    make_new.__name__ = make_new.__qualname__ = f"new_{make.__name__}"
    make_new.__doc__ = f"{doc}, with this tensor's dtype and device unless others are given."
    setattr(Tensor, make_new.__name__, of_tensors(make_new))


_new(tensor, "A copy of data")
_new(zeros, "Zeros")
_new(ones, "Ones")
_new(empty, "A tensor to be filled")
_new(full, "A tensor of one value")
