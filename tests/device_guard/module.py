"""The stand-in's module `cupy`, and how it takes CuPy's place."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from minigrad import backend
from tests.device_guard import arrays, cuda
from tests.device_guard.arrays import (
    NAMES,
    UFUNCS,
    broadcast,
    closed,
    from_host,
    given,
    ndarray,
    opened,
    signature,
)
from tests.device_guard.elementwise import ElementwiseKernel

PRODUCTS = ("matmul", "dot", "tensordot")
# What these find decides the shape, and the last two look whether all indices are in range.
WAITING = ("nonzero", "flatnonzero", "argwhere", "unique", "argpartition", "unravel_index")


def _function(name: str, parameters: str, home: Any = np) -> Callable:
    takes, calculate = signature(parameters), getattr(home, name)

    @np.errstate(all="ignore")
    def function(*args: Any, **settings: Any) -> Any:
        takes.bind(*args, **settings)
        if name in WAITING or (name == "where" and len(args) == 1):
            arrays.syncdetect._declare_synchronize()
        if name in PRODUCTS:
            arrays.reach_unseen(*args)
        result = calculate(*opened(args), **{word: opened(value) for word, value in settings.items()})
        sources = [one for arg in args for one in (arg if isinstance(arg, (list, tuple)) else [arg])]
        return given(name, result, settings.get("out"), *sources)

    function.__name__ = name
    return function


def _asarray(array: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    if isinstance(array, ndarray):
        return array if dtype is None and not copy else closed(np.asarray(array._host, dtype, copy=copy), array)
    return from_host(array, dtype)


def _array(array: Any, dtype: Any = None, copy: bool = True, order: str = "K", *_: Any, **__: Any) -> ndarray:
    return closed(np.array(array._host, dtype, order=order)) if isinstance(array, ndarray) else from_host(array, dtype)


def _where(condition: ndarray, x: Any = None, y: Any = None) -> Any:
    """CuPy asks the condition for its astype, so it must be an array."""
    condition = condition.astype(bool, copy=False)
    if x is None and y is None:
        return _plain_where(condition)
    return closed(np.asarray(_plain_where(condition, x, y)._host, order="C"))


def _repeat(a: ndarray, repeats: Any, axis: Any = None) -> ndarray:
    if isinstance(repeats, ndarray):
        arrays.syncdetect._declare_synchronize()
    return closed(np.repeat(opened(a), opened(repeats), axis))


def _broadcast_to(array: ndarray, shape: Any) -> ndarray:
    return closed(broadcast(opened(array), tuple(shape)), array)


def _broadcast_arrays(*arrays: ndarray) -> list[ndarray]:
    return [_broadcast_to(one, np.broadcast_shapes(*(other.shape for other in arrays))) for one in arrays]


_plain_where = _function("where", NAMES["functions"]["where"])
_OWN = {
    "array": _array,
    "asarray": _asarray,
    "asanyarray": _asarray,
    "broadcast_to": _broadcast_to,
    "broadcast_arrays": _broadcast_arrays,
    "where": _where,
    "repeat": _repeat,
    "asnumpy": lambda array, *_, **__: array.get(),
}


@functools.cache
def stand_in() -> ModuleType:
    """A module with CuPy's names, as far as NumPy can calculate what they say."""
    cupy = ModuleType("cupy")
    for name, parameters in NAMES["functions"].items():
        if name in _OWN:
            setattr(cupy, name, _OWN[name])
        elif hasattr(np, name):
            setattr(cupy, name, _function(name, parameters))
    tricks = {n: _function(n, p, np.lib.stride_tricks) for n, p in NAMES["stride_tricks"].items()}
    cupy.__dict__.update(
        UFUNCS,
        ndarray=ndarray,
        ElementwiseKernel=ElementwiseKernel,
        from_dlpack=lambda thing: thing.__dlpack__().view(),
        _core=SimpleNamespace(syncdetect=arrays.syncdetect),
        lib=SimpleNamespace(stride_tricks=SimpleNamespace(**tricks)),
        cuda=cuda.NAMES,
        get_default_memory_pool=cuda.MemoryPool,
    )
    return cupy


@contextmanager
def installed() -> Iterator[ModuleType]:
    """Inside, `import cupy` gives the stand-in."""
    before = sys.modules.get("cupy")
    sys.modules["cupy"] = cupy = stand_in()
    try:
        yield cupy
    finally:
        del sys.modules["cupy"]
        if before is not None:
            sys.modules["cupy"] = before
        backend._is_array_type.pop(ndarray, None)
        arrays.Device.current, backend.choice.changed = 0, False
