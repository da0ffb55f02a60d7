"""The stand-in's `ElementwiseKernel`: the lines of CUDA C that CuPy would run for each element, compiled as C++.

So a kernel's index arithmetic is tried where there is no GPU. An index out of range is an error here; a GPU would read
what lies there. Elements are taken from the last to the first, so that none can lean on one before it.

What is not modelled: a raw array that is not contiguous is refused, not strided.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.device_guard.arrays import _launches, closed, ndarray, reach

COMPILER = shutil.which("c++") or shutil.which("g++")
TYPES = {
    **{name: f"{name}_t" for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    "float16": "_Float16",
    "float32": "float",
    "float64": "double",
    "bool": "bool",
}
OPTIONS = ["-O1", "-ffp-contract=off", "-shared", "-fPIC", "-x", "c++", "-"]
# Without <cmath>, which takes twice as long to read as all the rest.
PROGRAM = """
#include <stddef.h>
#include <stdint.h>
#define MATH(name) extern "C" double name(double); inline float name(float x) {{ return __builtin_##name##f(x); }}
MATH(exp) MATH(log) MATH(sqrt)
extern "C" double nan(const char*);
#define __device__
template <typename E> E min(E a, E b) {{ return b < a ? b : a; }}
template <typename E> E max(E a, E b) {{ return a < b ? b : a; }}
static int outside;
template <typename E> struct Raw {{
    E* memory; ptrdiff_t size;
    E& operator[](ptrdiff_t k) {{ if (k < 0 || k >= size) {{ outside = 1; k = 0; }} return memory[k]; }}
}};
{preamble}
extern "C" int run(ptrdiff_t elements, void** arrays, ptrdiff_t* sizes) {{
    outside = 0;
    {arrays}
    for (ptrdiff_t i = elements - 1; i >= 0; i--) {{
        {elements}
        {{
{body}
        ;}}
    }}
    return outside;
}}
"""


@dataclass(frozen=True)
class Parameter:
    kind: str  # a dtype's name, or a letter that stands for one
    name: str
    raw: bool


def parameters(text: str) -> list[Parameter]:
    words = [one.split() for one in text.split(",") if one.strip()]
    return [Parameter(kind, name, bool(raw)) for *raw, kind, name in words]


class ElementwiseKernel:
    """CuPy's, as far as `minigrad.kernels` uses it."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        operation: str,
        name: str = "kernel",
        *,
        preamble: str = "",
        options: tuple[str, ...] = (),  # for NVRTC
    ):
        self.inputs, self.outputs = parameters(in_params), parameters(out_params)
        self.operation, self.name, self.preamble = operation, name, preamble

    def __call__(self, *args: Any, size: int | None = None) -> Any:
        everything = [*self.inputs, *self.outputs]
        for one, argument in zip(everything, args, strict=False):
            if isinstance(argument, ndarray):
                reach(argument)
            if isinstance(argument, np.ndarray):
                raise TypeError(f"{self.name}: {one.name} is NumPy's.")
            if one.raw and not (isinstance(argument, ndarray) and argument.flags.c_contiguous):
                raise TypeError(f"{self.name}: the stand-in wants {one.name} as a contiguous device array.")
        dtypes = self._dtypes(everything, args)
        plain = [
            one.shape for name, one in zip(everything, args, strict=False) if not name.raw and hasattr(one, "shape")
        ]
        shape = np.broadcast_shapes(*plain)
        if bool(plain) != (size is None):
            raise ValueError(f"{self.name}: size is given where all arrays are raw, and only there.")
        if size is not None and size < 0:
            raise ValueError(f"{self.name}: there are {size} elements. (CuPy starts 2**31 - 1 blocks.)")
        missing = everything[len(args) :]
        args = (*args, *(closed(np.full(shape, 77, dtypes[one.kind])) for one in missing))
        results = args[len(self.inputs) :]
        if any(not one.raw and array.shape != shape for one, array in zip(self.outputs, results, strict=True)):
            raise ValueError(f"{self.name}: an output does not have the shape {shape} that the inputs have together.")
        memory = [
            _laid_out(argument, dtypes[one.kind], None if one.raw else shape)
            for one, argument in zip(everything, args, strict=True)
        ]
        self._run(everything, args, memory, int(np.prod(shape)) if size is None else size, dtypes)
        _launches.append(self.name)
        for array, written in zip(results, memory[len(self.inputs) :], strict=True):
            array._host[...] = written.reshape(array.shape)
        return results[0] if len(results) == 1 else tuple(results)

    def _dtypes(self, everything: list[Parameter], args: tuple) -> dict[str, np.dtype]:
        """What each type's name stands for; a letter, for the dtype of the arrays that come with it."""
        dtypes = {one.kind: np.dtype(one.kind) for one in everything if one.kind in TYPES}
        for one, argument in zip(everything, args, strict=False):
            if isinstance(argument, ndarray) and dtypes.setdefault(one.kind, argument.dtype) != argument.dtype:
                raise TypeError(f"{self.name}: {one.name} is {argument.dtype}, and {one.kind} is {dtypes[one.kind]}.")
        return dtypes

    def _run(
        self, everything: list[Parameter], args: tuple, memory: list[np.ndarray], elements: int, dtypes: dict
    ) -> None:
        aliases = "".join(f"typedef {TYPES[dtype.name]} {kind};\n" for kind, dtype in dtypes.items() if len(kind) == 1)
        arrays, each = [], []
        for number, (one, argument) in enumerate(zip(everything, args, strict=True)):
            kind = TYPES[dtypes[one.kind].name]
            if one.raw:
                arrays.append(f"Raw<{kind}> {one.name} = {{({kind}*)arrays[{number}], sizes[{number}]}};")
                continue
            place = "i" if isinstance(argument, ndarray) else "0"
            constant = "&" if number >= len(self.inputs) else ""
            each.append(f"{kind}{constant} {one.name} = (({kind}*)arrays[{number}])[{place}];")
        source = PROGRAM.format(
            preamble=aliases + self.preamble, arrays="\n    ".join(arrays), elements="\n        ".join(each),
            body=self.operation,
        )  # fmt: skip
        pointers = (ctypes.c_void_p * len(memory))(*(array.ctypes.data for array in memory))
        sizes = (ctypes.c_ssize_t * len(memory))(*(array.size for array in memory))
        if compiled(source).run(ctypes.c_ssize_t(elements), pointers, sizes):
            raise IndexError(f"{self.name}: an index is out of range.")


def _laid_out(argument: Any, dtype: np.dtype, shape: tuple[int, ...] | None) -> np.ndarray:
    """An argument's elements one after another, broadcast to `shape`. A number is an array of one."""
    if not isinstance(argument, ndarray):
        return np.array([argument], dtype)
    return np.ascontiguousarray(argument._host if shape is None else np.broadcast_to(argument._host, shape))


@functools.cache
def compiled(source: str) -> ctypes.CDLL:
    """A library made of the source. It is kept among temporary files, for other processes."""
    assert COMPILER is not None, "needs a C++ compiler"
    folder = Path(tempfile.gettempdir()) / f"minigrad-stand-in-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    command = [COMPILER, *OPTIONS, "-o"]
    name = hashlib.blake2b(repr((command, source)).encode(), digest_size=12).hexdigest()
    library = folder / f"{name}.so"
    if not library.exists():
        mine = folder / f"{name}-{os.getpid()}.so"
        outcome = subprocess.run([*command, str(mine)], input=source, capture_output=True, text=True)
        if outcome.returncode:
            raise SyntaxError(f"{outcome.stderr}\nin\n{source}")
        mine.replace(library)
    return ctypes.CDLL(str(library))
