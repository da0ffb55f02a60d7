"""`Kernel`: some lines of CUDA C that are run for each element."""

from __future__ import annotations

import sys
from typing import Any

from minigrad.backend import Array, float32, float64, is_on_host


class Kernel:
    """What is done for element `i` of `size`, in CUDA C. CuPy compiles it when it is first called.

    inputs, outputs: names and types, such as "T x, raw T y, int32 n". `T` is the dtype of the arrays that come. A plain
        array is read and written at element i (all plain ones are broadcast together, and decide the size); a `raw` one
        as a whole, y[k], counted in memory order: it must be contiguous.
    body: the lines. They may use `i`, the inputs, the outputs, the constants, and what the `preamble` declares.
    options: for the compiler.

    Called with the inputs and the outputs, which may be left out if they are plain: then they are made. `size` is how
    many elements there are, where all are raw. Constants are whole numbers that the compiler may know, which makes
    dividing by them quick; for each set of them it compiles once more.

    Source of the form: CuPy, `ElementwiseKernel`.
    """

    def __init__(
        self, name: str, inputs: str, outputs: str, body: str, preamble: str = "", options: tuple[str, ...] = ()
    ) -> None:
        self.name, self.inputs, self.outputs, self.body = name, inputs, outputs, body
        self.preamble, self.options = preamble, options
        self._compiled: dict[Any, Any] = {}

    def __call__(self, *arrays: Any, size: int | None = None, **constants: int) -> Array:
        cupy = sys.modules["cupy"]  # whose arrays these are
        key = cupy, *constants.items()
        if key not in self._compiled:
            known = "".join(f"constexpr int {name} = {value};\n" for name, value in constants.items())
            self._compiled[key] = cupy.ElementwiseKernel(
                self.inputs, self.outputs, self.body, f"minigrad_{self.name}", preamble=known + self.preamble,
                options=self.options,
            )  # fmt: skip
        return self._compiled[key](*arrays) if size is None else self._compiled[key](*arrays, size=size)


def fit_a_kernel(*arrays: Array) -> bool:
    """Whether kernels take these arrays: on a GPU, and all in single or all in double precision.

    The others are left to the portable lines: what CUDA C does to single precision it does not all do to half.
    """
    dtype = arrays[0].dtype
    return not is_on_host(arrays[0]) and dtype in (float32, float64) and all(array.dtype == dtype for array in arrays)
