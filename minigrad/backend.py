"""NumPy or CuPy? Everything that depends on whose array it is: the array module, devices, host copies, dtypes.

The rest of the library writes `xp = array_module(x)` and then says the same thing to both.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import bounds

Array = Any  # a numpy.ndarray or a cupy.ndarray; CuPy is optional, so its type cannot be named here
Number = (bool, int, float)

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = np.dtype("int8"), np.dtype("int16"), np.dtype("int32"), np.dtype("int64")
uint8, bool_ = np.dtype("uint8"), np.dtype("bool")

_HOST_TYPES = (np.ndarray, np.generic)  # NumPy's 0-d results are scalars, which serve as arrays

# NumPy warns of log(0), 1 / 0 and overflow. CuPy and PyTorch give inf or nan in silence; so do we, whoever calculates.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minigrad\.")
# array.sum() passes through a file of NumPy's own, which is where it warns of inf - inf.
warnings.filterwarnings(
    "ignore", message=r"(invalid value|overflow) encountered in (reduce|accumulate)", category=RuntimeWarning
)
# CuPy reaches into another GPU's memory, with this warning, but does not wait for what that GPU is still writing there.
warnings.filterwarnings("error", message="The device where the array resides", category=RuntimeWarning)

PYTHON_DTYPES = {bool: bool_, int: int64, float: float32}  # what a Python number becomes, as in PyTorch


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit. Both a ValueError, as in NumPy, and a RuntimeError, as in PyTorch."""


class DtypeError(TypeError, RuntimeError):
    """A dtype that the operation has no meaning for. Both a TypeError and a RuntimeError, as in PyTorch."""


class DeviceError(TypeError, RuntimeError):
    """Tensors on different devices. Both a TypeError, as in CuPy, and a RuntimeError, as in PyTorch."""


# -- whose array is it? ------------------------------------------------------------------------------------------------


def array_module(array: Array) -> Any:
    """The module, numpy or cupy, whose functions work on `array`."""
    if isinstance(array, _HOST_TYPES):
        return np
    home = type(array).__module__.partition(".")[0]
    return sys.modules["cupy"] if home == "cupy" else np


def common_module(x: Array, y: Array) -> Any:
    """The module whose functions work on both operands. One may be a number, or NumPy's scalar, beside an array."""
    return array_module(x if is_array(x) else y)


def is_array(thing: object) -> bool:
    """Whether `thing` is a NumPy or CuPy array (NumPy's scalars are not: they count as Python numbers)."""
    return _is_array_type[type(thing)]


class _IsArrayType(dict):
    """`_is_array_type[kind]`: worked out once a type, since the question is asked for every value that an op meets."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = issubclass(kind, np.ndarray) or kind.__module__.partition(".")[0] == "cupy"
        return self[kind]


_is_array_type = _IsArrayType()


def is_on_host(array: Array) -> bool:
    """Whether `array` is NumPy's."""
    return isinstance(array, _HOST_TYPES)


def is_writable(array: Array) -> bool:
    """Whether an array may be written to. (CuPy lets elements that share memory be written to, such as expand's.)"""
    if isinstance(array, np.ndarray):
        return array.flags.writeable
    return all(step or n < 2 for n, step in zip(array.shape, array.strides, strict=True))


def to_host(array: Array) -> np.ndarray:
    """`array` in ordinary memory: itself if it is there already, else a copy."""
    return np.asarray(array) if isinstance(array, _HOST_TYPES) else array.get()


def only_where(mask: np.ndarray, values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """`values` where `mask` holds, else 0; both of one shape, on the host. Written into `out`, if it is given.

    This is np.where(mask, values, 0), which asks again for each element: where the answers are mixed the processor
    guesses wrong half of the time, and that costs ten times as much. A product does not ask. It is one of the bits,
    read as a whole number, since inf * 0 would be NaN.
    """
    bits = f"i{values.dtype.itemsize}"
    if out is not None:
        np.multiply(values.view(bits), mask, out=out.view(bits))
        return out
    return (values.view(bits) * mask).view(values.dtype)


# -- devices -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Device:
    """Where an array lives: `Device("cpu")`, or `Device("cuda", 0)` for the first GPU."""

    type: str
    index: int | None = None

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device('{self}')"


CPU = Device("cpu")


def device(type: str | int | Device | None, index: int | None = None) -> Device:
    """Read `"cpu"`, `"cuda"` (the current GPU), `"cuda:1"`, or `("cuda", 1)`. A number is that GPU, None the CPU."""
    if type is None or isinstance(type, Device):
        return type or CPU
    is_number = isinstance(type, (int, np.integer))
    name = f"cuda:{type}" if is_number else type if index is None else f"{type}:{index}"
    read = re.fullmatch("(cpu|cuda)(:[0-9]+)?", str(name))
    if read is None:
        raise ValueError(f"device: expected 'cpu', 'cuda' or 'cuda:N', got {name!r}.")
    kind, number = read.groups()
    if kind == "cpu":
        return CPU
    return Device("cuda", int(number[1:]) if number else _current_gpu())


class _Choice:
    """Of the current GPU. changed: it was another one before, on which tensors may lie."""

    changed = False


choice = _Choice()


def _current_gpu() -> int:
    """The first one, unless CuPy was told otherwise."""
    cupy = sys.modules.get("cupy")
    return cupy.cuda.runtime.getDevice() if cupy is not None and cupy.cuda.is_available() else 0


def device_of(array: Array) -> Device:
    """The device on which `array` lives."""
    return CPU if isinstance(array, _HOST_TYPES) else Device("cuda", array.device.id)


def cuda_available() -> bool:
    """Whether CuPy is installed and sees a GPU. (It imports without one and fails at the first allocation.)"""
    try:
        import cupy
    except ImportError:
        return False
    return bool(cupy.cuda.is_available())


def cupy_with_a_gpu(what: str, index: int = 0) -> Any:
    """CuPy, or the error of `what` cannot be done without: which of CuPy and a GPU is missing, and what to do.

    index: the GPU that must be there.
    """
    try:
        import cupy
    except ImportError as error:
        if error.name != "cupy":
            raise RuntimeError(
                f"{what}: CuPy is installed, but broken; `minigrad doctor` says how to mend it."
            ) from error
        raise RuntimeError(
            f"{what}: CuPy is not installed. Install it with: pip install 'minigrad[cuda12]' (or [cuda13])."
        ) from None
    if not cupy.cuda.is_available():
        raise RuntimeError(
            f"{what}: CuPy is installed, but it sees no GPU on this machine. `minigrad doctor` looks for the reason."
        )
    count = cupy.cuda.runtime.getDeviceCount()
    if index >= count:
        raise RuntimeError(f"{what}: there is no GPU {index} on this machine; it has {count}, counted from 0.")
    return cupy


def to_device(array: Array, where: Device) -> Array:
    """`array` on `where`, the CPU or the current GPU: itself if it is there already, else a copy."""
    if where == device_of(array):
        return array
    if where == CPU:
        return to_host(array)
    cupy = cupy_on(where)
    moved = cupy.asarray(array) if is_on_host(array) else array.copy()  # from another GPU
    bounds.remember(moved, array)
    return moved


def cupy_on(where: Device) -> Any:
    """CuPy, for new arrays on a GPU. It works on the current GPU, wherever its arguments lie, so this must be that."""
    cupy = cupy_with_a_gpu(f"device '{where}'", where.index or 0)
    if where.index != _current_gpu():
        raise DeviceError(
            f"device '{where}': work is done on the current GPU, 'cuda:{_current_gpu()}'. Choose the other one first, "
            f"with mg.cuda.set_device({where.index})."
        )
    return cupy


def mixed_devices(name: str, operands: Sequence[Any]) -> DeviceError | None:
    """The error of an op that was given arrays on different devices, or on a GPU that is not the current one; or None.

    As in PyTorch a number of the CPU may meet a GPU's tensor: to ops 0-d tensors come as NumPy's scalars, no arrays.
    """
    arrays = [one for operand in operands for one in (operand if isinstance(operand, (list, tuple)) else [operand])]
    arrays = [array for array in arrays if is_array(array)]
    devices = list(dict.fromkeys(map(device_of, arrays)))
    if len(devices) < 2:
        elsewhere = devices and devices[0].type == "cuda" and devices[0].index != _current_gpu()
        return _elsewhere(name, devices[0]) if elsewhere else None
    given = ", ".join(f"{array.dtype} {array.shape} on {device_of(array)}" for array in arrays)
    goal = next(device for device in devices if device != CPU)
    return DeviceError(f"{name}: all tensors must be on one device, got {given}. Move them, as in x.to('{goal}').")


def _elsewhere(name: str, gpu: Device) -> DeviceError:
    return DeviceError(
        f"{name}: its tensors are on '{gpu}', and work is done on the current GPU, 'cuda:{_current_gpu()}'. Go there "
        f"with mg.cuda.set_device({gpu.index}), or move them, as in x.to('cuda')."
    )


# -- dtypes ------------------------------------------------------------------------------------------------------------


def as_dtype(wanted: Any, default: np.dtype | None = None) -> np.dtype:
    """The dtype that was asked for: ours, NumPy's, a name or a Python type. None is `default`, or else float32."""
    if wanted is None:
        return default or get_default_dtype()
    try:
        dtype = np.dtype(wanted)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "biuf" or not dtype.isnative:
        raise DtypeError(f"dtype: expected one for numbers, such as mg.float32 or mg.int64, got {wanted!r}.")
    return dtype


def get_default_dtype() -> np.dtype:
    """What Python's floats, and tensors made without a dtype, become: float32 unless it was set."""
    return PYTHON_DTYPES[float]


def set_default_dtype(dtype: Any) -> None:
    """Let Python's floats, and tensors made without a dtype, become another floating-point type."""
    if not is_float(as_dtype(dtype)):
        raise DtypeError(f"set_default_dtype: expected a floating-point type, got {dtype}.")
    PYTHON_DTYPES[float] = as_dtype(dtype)


def finfo(dtype: Any = None) -> np.finfo:
    """NumPy's account of a floating-point type: `eps`, `max`, `min`, `tiny`, `bits`."""
    dtype = as_dtype(dtype)
    if not is_float(dtype):
        raise DtypeError(f"finfo: expected a floating-point type, got {dtype}. Use iinfo.")
    return np.finfo(dtype)


def iinfo(dtype: Any) -> np.iinfo:
    """NumPy's account of an integer type: `max`, `min`, `bits`."""
    dtype = as_dtype(dtype)
    if dtype.kind not in "iu":
        raise DtypeError(f"iinfo: expected an integer type, got {dtype}. Use finfo.")
    return np.iinfo(dtype)


def is_float(dtype: np.dtype) -> bool:
    """Whether `dtype` is a floating-point type, the only kind that has gradients."""
    return dtype.kind == "f"


def divided(x: Array, n: Any) -> Array:
    """x / n, in x's dtype. float16 is divided in float32, since an n beyond its largest number, 65504, would be inf."""
    return (x.astype(float32) / n).astype(float16) if x.dtype == float16 else x / n


def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """PyTorch's table: a float beats any integer and keeps its width (int64 with float32 is float32)."""
    if is_float(a) != is_float(b):
        return a if is_float(a) else b
    return np.promote_types(a, b)


def result_type(*operands: Array) -> np.dtype:
    """The dtype of an operation on arrays and Python numbers, by PyTorch's three ranks.

    Arrays with axes decide. A 0-d array, and after it a Python number, has a say only if its kind is higher
    (bool < integer < float): `float32 array * 2.5` and `float32 array * 0-d float64 array` are both float32.

    Source: PyTorch, "Tensor Attributes", type promotion.
    """
    ranks: list[np.dtype | None] = [None, None, None]
    for operand in operands:
        if type(operand) in PYTHON_DTYPES:  # not isinstance: np.float64, a 0-d array's value, is a float too
            rank, dtype = 2, PYTHON_DTYPES[type(operand)]
        else:
            rank, dtype = (0 if operand.ndim else 1), operand.dtype
        known = ranks[rank]
        ranks[rank] = dtype if known is None else promote_types(known, dtype)
    result, *lower = [dtype for dtype in ranks if dtype is not None]
    for dtype in lower:
        if kind_rank(dtype) > kind_rank(result):
            result = promote_types(result, dtype)
    return result


def kind_rank(dtype: np.dtype) -> int:
    """bool < integers < floats."""
    return "biuf".index(dtype.kind) if dtype.kind != "u" else 1
