"""The stand-in's arrays and ufuncs: NumPy's behind a face of CuPy's.

What is modelled is what CuPy's source says (see `names.json` for the version): two GPUs, which may reach into each
other's memory. What is not: its memory and its streams, the last digits of its sums, and which of several values
written to one place stays.
"""

from __future__ import annotations

import functools
import inspect
import json
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

NAMES = json.loads(Path(__file__).with_name("names.json").read_text())
SCALARS = (bool, int, float, complex, np.generic)
# atomicAdd knows no others, and int64 is not among them.
ADDED_AT = {np.dtype(name) for name in ("int32", "uint32", "uint64", "float16", "float32", "float64")}

_launches: list[str] = []
# The arrays that own what is allocated on the device.
memory: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()
# As in CuPy: what makes the host wait for the GPU calls this first. (`both.waits` listens.)
syncdetect = SimpleNamespace(_declare_synchronize=lambda: None)


class PerformanceWarning(RuntimeWarning):
    """CuPy's, of that name."""


class SilentlyDifferent(Exception):
    """CuPy would go on here, with another result than NumPy. (No error that a library could catch for its own.)"""


@contextmanager
def launches() -> Iterator[list[str]]:
    """A list of what was started on the GPU inside: each costs the host microseconds, however little there is to do."""
    _launches.clear()
    yield _launches


def given(name: str, result: Any, out: Any, *sources: Any) -> Any:
    """What a function gave, as device arrays; noted as a launch if something was written, in `out` or a new array."""
    result = closed(result, *sources) if out is None else out
    parts = result if isinstance(result, (list, tuple)) else [result]
    new = any(part is None or (isinstance(part, ndarray) and part.base is None) for part in parts)
    if name.startswith("empty"):
        litter(result._host)
    elif out is not None or new:
        _launches.append(name)
    return result


def litter(array: np.ndarray) -> None:
    """What lies in memory that nobody has written to is of no use."""
    array.fill(np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1)


def signature(parameters: str) -> inspect.Signature:
    return inspect.signature(eval(f"lambda {parameters}: None"))


# -- in and out of the stand-in ----------------------------------------------------------------------------------------


def opened(thing: Any) -> Any:
    """NumPy's array behind a device array, wherever it stands among arguments; a NumPy array is refused."""
    if isinstance(thing, ndarray):
        reach(thing)
        return thing._host
    if isinstance(thing, np.ndarray):
        raise TypeError(f"Unsupported type {type(thing)}")
    if isinstance(thing, (list, tuple)):
        return type(thing)(map(opened, thing))
    return thing


def reach(array: ndarray) -> None:
    """Work is done on the current GPU, which reaches into another one's memory, with a warning."""
    if array.device.id != Device.current:
        warnings.warn(
            f"The device where the array resides ({array.device.id}) is different from the current device "
            f"({Device.current}). Peer access has been activated automatically.",
            PerformanceWarning,
            stacklevel=4,
        )


def reach_unseen(*arrays: Any) -> None:
    """A product is cuBLAS's work, on the current GPU, and CuPy does not look where the arrays are."""
    if any(isinstance(array, ndarray) and array.device.id != Device.current for array in arrays):
        raise SilentlyDifferent("A product would read another GPU's memory, where it may not.")


def closed(result: Any, *sources: Any) -> Any:
    """What NumPy gave, as device arrays. A view is known by its memory, and its `base` is among the `sources`."""
    if isinstance(result, (list, tuple)):
        kind = list if isinstance(result, list) else tuple  # NumPy has named ones
        return kind(closed(one, *sources) for one in result)
    if not isinstance(result, (np.ndarray, np.generic, bool)):
        return result
    array = ndarray.__new__(ndarray)
    array._host, array.base, array.device = np.asarray(result), None, Device()
    owner = _owner(array._host)
    memory[id(owner)] = owner
    for source in sources:
        if isinstance(source, ndarray) and _owner(source._host) is owner:
            array.base, array.device = source if source.base is None else source.base, source.device
    return array


def _owner(array: Any) -> Any:
    while getattr(array, "base", None) is not None:  # as_strided puts an object of its own between
        array = array.base
    return array


def broadcast(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """NumPy's broadcast_to, whose result can be written to in CuPy, although its elements share memory."""
    strides = np.broadcast_to(array, shape).strides
    return np.lib.stride_tricks.as_strided(array, shape, strides)


# -- the array ---------------------------------------------------------------------------------------------------------


class Device:
    """One of two GPUs; without a number the current one."""

    count, current = 2, 0

    def __init__(self, number: int | None = None) -> None:
        if number is not None and not 0 <= number < Device.count:
            raise RuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        self.id = Device.current if number is None else number
        self._before: list[int] = []

    compute_capability = "90"
    mem_info = (2**33, 2**34)

    def use(self) -> Device:
        Device.current = self.id
        return self

    def synchronize(self) -> None:
        syncdetect._declare_synchronize()

    def __enter__(self) -> Device:
        self._before.append(Device.current)
        return self.use()

    def __exit__(self, *exception: object) -> None:
        Device.current = self._before.pop()


class Flags:
    """All that CuPy tells: nothing about being writeable."""

    def __init__(self, flags: Any) -> None:
        self.c_contiguous, self.f_contiguous, self.owndata = flags.c_contiguous, flags.f_contiguous, flags.owndata


class ndarray:
    """A device array. Its methods are made below, from the table of CuPy's names."""

    __module__ = "cupy"  # which is how a library tells
    __slots__ = ("__weakref__", "_host", "base", "device")
    __array_ufunc__ = None  # np.exp(array) and NumPy arrays on the left of an operator are refused
    __hash__ = None

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("The stand-in makes arrays with asarray, zeros, ... only.")

    shape = property(lambda self: self._host.shape)
    strides = property(lambda self: self._host.strides)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    flags = property(lambda self: Flags(self._host.flags))
    T = property(lambda self: closed(self._host.T, self))
    mT = property(lambda self: closed(self._host.mT, self))

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array "
            "explicitly."
        )

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} was called on an array that is on a device.")

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[ndarray]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    # What the host asks for, it waits for.

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray:
        syncdetect._declare_synchronize()
        return self._host.copy(order)

    def item(self) -> Any:
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous.")
        return bool(self.get())

    def tolist(self) -> Any:
        return self.get().tolist()

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __repr__(self) -> str:
        return repr(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec)

    def __reduce__(self) -> tuple:
        return from_host, (self.get(),)

    def __copy__(self) -> ndarray:
        return closed(self._host.copy())

    def __deepcopy__(self, memo: dict) -> ndarray:
        return closed(self._host.copy())

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.device.id

    def __dlpack__(self, **_: Any) -> ndarray:
        return self

    # Indices may be host arrays. Out of range, CuPy's wrap around.

    def __getitem__(self, index: Any) -> ndarray:
        place = _index(index)
        with _no_index_out_of_range(place):
            result = self._host[place]
        if isinstance(result, np.generic):  # a view in CuPy
            result = self._host[(*place, ...) if isinstance(place, tuple) else (place, ...)]
        return _of(self, closed(result, self))

    def __setitem__(self, index: Any, value: Any) -> None:
        value = value.item() if isinstance(value, np.ndarray) and not value.ndim else opened(value)
        if isinstance(value, (list, tuple)):
            raise TypeError(f"Unsupported type {type(value)}")
        place = _index(index)
        with _no_index_out_of_range(place):
            self._host[place] = value
        reach(self)
        _launches.append("setitem")

    def view(self, dtype: Any = None) -> ndarray:
        return closed(self._host.view() if dtype is None else self._host.view(dtype), self)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
        place = self._host.diagonal(offset, axis1, axis2)
        place.flags.writeable = True  # CuPy's view may be written to
        return closed(place, self)

    def scatter_add(self, slices: Any, value: Any) -> None:
        place = _index(slices)
        if self.dtype not in ADDED_AT and any(_is_integers(part) for part in _parts(place)):
            raise TypeError(f"cupyx.scatter_add only supports {sorted(map(str, ADDED_AT))}, not {self.dtype}")
        with _no_index_out_of_range(place):
            np.add.at(self._host, place, opened(value))


def from_host(array: Any, dtype: Any = None) -> ndarray:
    """A copy of host data on the device, row by row in memory, or column by column if it was that.

    (The transfer itself does not wait for the GPU.)
    """
    read = np.asarray(opened(array) if isinstance(array, (list, tuple)) else array, dtype)
    return closed(np.array(read, order="F" if read.flags.fnc else "C"))


def _parts(index: Any) -> tuple:
    return index if isinstance(index, tuple) else (index,)


def _is_integers(part: Any) -> bool:
    return isinstance(part, (np.ndarray, list)) and np.asarray(part).dtype.kind in "iu"


def _index(index: Any) -> Any:
    """An index for NumPy's array, if CuPy takes it."""
    if isinstance(index, tuple):
        parts = tuple(part._host if isinstance(part, ndarray) else part for part in index)
    else:
        parts = (index._host if isinstance(index, ndarray) else index,)
    masks = [part for part in parts if isinstance(part, np.ndarray) and part.dtype.kind == "b"]
    integers = [part for part in parts if _is_integers(part)]
    if masks:
        syncdetect._declare_synchronize()  # how many hold decides the shape
        if len(masks) + len(integers) > 1:
            raise ValueError("currently, CuPy only supports slices that consist of one boolean array.")
    if integers and any(isinstance(part, np.integer) for part in parts):
        raise IndexError("only integers, slices (`:`), ellipsis (`...`), and integer or boolean arrays are valid")
    return parts if isinstance(index, tuple) else parts[0]


@contextmanager
def _no_index_out_of_range(place: Any) -> Iterator[None]:
    try:
        yield
    except IndexError as error:
        if "out of bounds" in str(error) and any(_is_integers(part) for part in _parts(place)):
            raise SilentlyDifferent(f"CuPy wraps indices around that are out of range ({error}).") from None
        raise


# -- ufuncs ------------------------------------------------------------------------------------------------------------


def _floor_divide(x: Any, y: Any, **settings: Any) -> Any:
    """CuPy's, which of floats is no more than this."""
    is_float = np.result_type(x, y).kind == "f"
    return np.floor(np.true_divide(x, y), **settings) if is_float else np.floor_divide(x, y, **settings)


def _remainder(x: Any, y: Any, **settings: Any) -> Any:
    is_float = np.result_type(x, y).kind == "f"
    return np.subtract(x, _floor_divide(x, y) * y, **settings) if is_float else np.remainder(x, y, **settings)


_OTHERWISE = {"floor_divide": _floor_divide, "remainder": _remainder}


class Ufunc:
    """NumPy's ufunc of a name, for the dtypes and with the arguments that CuPy's takes.

    A new result lies row by row (order "C") in CuPy, however the inputs lie in memory.
    """

    def __init__(self, name: str, loops: str) -> None:
        self.__name__, self._numpy, self._loops = name, getattr(np, name), loops.split()
        self._calculate = _OTHERWISE.get(name, self._numpy)
        self._check_loop = functools.cache(self._check_loop)

    @np.errstate(all="ignore")  # CuPy gives inf and nan in silence
    def __call__(self, *args: Any, **settings: Any) -> Any:
        wrong = {name: value for name, value in settings.items() if name not in ("out", "dtype", "casting")}
        if wrong:
            raise TypeError(f"Wrong arguments {wrong}")
        count = self._numpy.nin
        inputs, out = list(args[:count]), args[count] if len(args) > count else settings.pop("out", None)
        for one in inputs:
            if not isinstance(one, (ndarray, *SCALARS)):
                raise TypeError(f"Unsupported type {type(one)}")
        if "dtype" not in settings:
            self._check_loop(tuple(map(_kind, inputs if _has_dtype(inputs) else map(np.asarray, inputs))))
        result = self._calculate(
            *map(opened, inputs), **({"order": "C"} if out is None else {"out": opened(out)}), **settings
        )
        return given(self.__name__, result, out)

    def _check_loop(self, kinds: tuple) -> None:
        """Raise unless CuPy's first loop that fits gives the dtypes that NumPy gives."""
        resolved = self._numpy.resolve_dtypes(kinds + (None,) * self._numpy.nout)
        taken, given = resolved[: len(kinds)], resolved[len(kinds) :]
        for loop in self._loops:
            left, _, right = loop.partition("->")
            if all(np.can_cast(have, need) for have, need in zip(taken, left, strict=True)):
                if tuple(map(np.dtype, right)) != given:
                    raise SilentlyDifferent(f"CuPy's {self.__name__} of {kinds} gives {right}, NumPy's {given}.")
                return
        raise TypeError(f"Wrong type ({kinds}) of arguments for cupy_{self.__name__}")

    def at(self, array: ndarray, indices: Any, values: Any = None) -> None:
        if self.__name__ != "add":
            raise NotImplementedError(f"The stand-in has no {self.__name__}.at.")
        array.scatter_add(indices, values)


def _has_dtype(operands: list) -> bool:
    return any(hasattr(one, "dtype") for one in operands)


def _kind(operand: Any) -> Any:
    """For a dtype's promotion: the dtype, or the type of a Python number, which is weak."""
    return operand.dtype if hasattr(operand, "dtype") else np.dtype(bool) if type(operand) is bool else type(operand)


UFUNCS = {name: Ufunc(name, loops) for name, loops in NAMES["ufuncs"].items() if hasattr(np, name)}


# -- methods and operators from the table ------------------------------------------------------------------------------


def _method(name: str, parameters: str) -> Callable:
    takes = signature(f"self, {parameters}" if parameters else "self")

    @np.errstate(all="ignore")
    def method(self: ndarray, *args: Any, **settings: Any) -> Any:
        takes.bind(self, *args, **settings)
        if name in ("nonzero", "argpartition"):
            syncdetect._declare_synchronize()
        result = getattr(self._host, name)(*opened(args), **{word: opened(value) for word, value in settings.items()})
        result = given(name, result, settings.get("out"), self)
        return result if name == "copy" else _of(self, result)  # a copy may come from another GPU

    return method


def _of(array: ndarray, result: Any) -> Any:
    """What was made of an array, unless it is a view of it, was made on the current GPU."""
    if not (isinstance(result, ndarray) and result.base is not None):
        reach(array)
    return result


for _name, _parameters in NAMES["methods"].items():
    if hasattr(np.ndarray, _name) and not hasattr(ndarray, _name):
        setattr(ndarray, _name, _method(_name, _parameters))


def _operators(ufunc: Callable) -> dict[str, Callable]:
    def left(self: ndarray, other: Any) -> Any:
        if not isinstance(other, ndarray) and getattr(other, "__array_ufunc__", 0) is None:
            return NotImplemented  # a Tensor knows what to do
        return ufunc(self, other)

    def right(self: ndarray, other: Any) -> Any:
        return ufunc(other, self)

    def in_place(self: ndarray, other: Any) -> Any:
        return ufunc(self, other, out=self)

    return {"": left, "r": right, "i": in_place}


_ARITHMETIC = """
    add add, sub subtract, mul multiply, truediv true_divide, floordiv floor_divide, mod remainder, divmod divmod,
    pow power, lshift left_shift, rshift right_shift, and bitwise_and, or bitwise_or, xor bitwise_xor
"""
_COMPARISON = "eq equal, ne not_equal, lt less, le less_equal, gt greater, ge greater_equal"
_UNARY = "neg negative, abs absolute, invert invert"
for _name, _ufunc in map(str.split, _ARITHMETIC.split(",")):
    for _side, _operator in _operators(UFUNCS[_ufunc]).items():
        setattr(ndarray, f"__{_side}{_name}__", _operator)
for _name, _ufunc in map(str.split, _COMPARISON.split(",")):
    setattr(ndarray, f"__{_name}__", _operators(UFUNCS[_ufunc])[""])
for _name, _ufunc in map(str.split, _UNARY.split(",")):
    setattr(ndarray, f"__{_name}__", lambda self, ufunc=UFUNCS[_ufunc]: ufunc(self))


def _matmul(x: Any, y: Any) -> Any:
    for one in (x, y):
        if not isinstance(one, ndarray):
            raise TypeError(f"Unsupported type {type(one)}")
    reach_unseen(x, y)
    return given("matmul", x._host @ y._host, None)


ndarray.__matmul__, ndarray.__rmatmul__ = _operators(_matmul)[""], _operators(_matmul)["r"]
