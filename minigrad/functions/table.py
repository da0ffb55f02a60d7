"""The one table of what a Tensor can do, and how a line gets into it.

`exp = lifted(elementwise, "exp")` gives `mg.exp(x)` and `x.exp()` at once, so the two cannot drift apart. Where
PyTorch's arguments are not the pair's (`dim` for `axis`, one name for two things), a function adapts them.
"""

from __future__ import annotations

import builtins
import functools
import inspect
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from minigrad.backend import ShapeError
from minigrad.lift import differentiable
from minigrad.tensor import Tensor

TABLE: dict[str, Callable] = {}  # every function by its public name: `mg.<name>(x)` and `x.<name>()`
METHODS: dict[str, Any] = {}  # what only a Tensor has: `x.<name>()`
Dim = int | Sequence[int] | None


def lifted(family: ModuleType, name: str, **traits: Any) -> Callable:
    """The pair `name` of a family of ops, as a public function and method."""
    op = differentiable(getattr(family, f"{name}_forward"), getattr(family, f"{name}_backward"), **traits)
    TABLE[name] = op
    return op


def public(function: Callable) -> Callable:
    """Enter a function in the table. One that takes `dim`, `keepdim` takes NumPy's `axis`, `keepdims` too."""
    if "dim" in inspect.signature(function).parameters:
        function = _accept_numpy_names(function)
    TABLE[function.__name__] = function
    return function


def alias(name: str, function: Callable) -> Callable:
    """Enter a function under a second name."""
    TABLE[name] = function
    return function


def method(function: Callable) -> Callable:
    """Enter a function among those that are methods only."""
    METHODS[function.__name__] = function
    return function


def _accept_numpy_names(function: Callable) -> Callable:
    @functools.wraps(function)
    def renamed(*args: Any, **settings: Any) -> Any:
        if "axis" in settings:
            settings["dim"] = settings.pop("axis")
        if "keepdims" in settings:
            settings["keepdim"] = settings.pop("keepdims")
        return function(*args, **settings)

    return renamed


def axes_of(dim: Dim, x: Tensor, name: str) -> tuple[int, ...] | None:
    """`dim` as NumPy's `axis`, each axis counted from the start."""
    if dim is None:
        return None
    dims = (dim,) if isinstance(dim, (int, np.integer)) else tuple(dim)
    axes = tuple(wrap(d, x.ndim, name) for d in dims)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{name}: dim {dims} names an axis of {x.shape} twice.")
    return axes if axes and x.ndim else None  # PyTorch reads an empty list of dims as all of them


def sizes_of(sizes: Sequence) -> tuple[int, ...]:
    """`(2, 3)`, given as two arguments or as one sequence."""
    if len(sizes) == 1 and not isinstance(sizes[0], (int, np.integer)):
        sizes = sizes[0]
    return tuple(int(n) for n in sizes)


def wrap(dim: int, ndim: int, name: str) -> int:
    """A negative `dim` counts from the end. A 0-d tensor may be spoken of as if it had one axis, as in PyTorch."""
    ndim = builtins.max(ndim, 1)
    if not -ndim <= dim < ndim:
        raise IndexError(f"{name}: dim must lie in {-ndim}..{ndim - 1}, got {dim}.")
    return int(dim) % ndim
