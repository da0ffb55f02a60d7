"""The one table of what a Tensor can do, and how a line gets into it.

`exp = lifted(elementwise, "exp")` gives `mg.exp(x)` and `x.exp()` at once, so the two cannot drift apart. Where
PyTorch's arguments are not the pair's (`dim` for `axis`, one name for two things), a function adapts them.
"""

from __future__ import annotations

import builtins
import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from minigrad.backend import Number, ShapeError, is_array, mixed_devices
from minigrad.lift import answer, differentiable, of_tensors, takes
from minigrad.tensor import Tensor, as_array

TABLE: dict[str, Callable] = {}  # every function by its public name: `mg.<name>(x)` and `x.<name>()`
METHODS: dict[str, Any] = {}  # what only a Tensor has: `x.<name>()`
Dim = int | Sequence[int] | None


def lifted(family: ModuleType, name: str, words: tuple[str, ...] = ("input", "other"), **traits: Any) -> Callable:
    """The pair `name` of a family of ops, as a public function and method."""
    pair = getattr(family, f"{name}_forward"), getattr(family, f"{name}_backward")
    op = differentiable(*pair, words=words, **traits)
    TABLE[name] = op
    return op


def public(function: Callable) -> Callable:
    """Enter a function in the table. What it calls x, y, dim or keepdim has PyTorch's and NumPy's names, too.

    That costs a call more, so those that are called often have PyTorch's names to begin with.
    """
    names = {theirs: ours for theirs, ours in _OTHER_NAMES.items() if takes(function, ours)}
    if names:
        function = _by_other_names(function, names)
    TABLE[function.__name__] = function
    return function


def alias(name: str, function: Callable) -> Callable:
    """Enter a function under a second name, in which it answers for its errors, too."""
    TABLE[name] = renamed(name, function)
    return TABLE[name]


def renamed(name: str, function: Callable) -> Callable:
    """A function that does the same, and has another name."""
    second = of_tensors(function)
    second.__name__ = second.__qualname__ = name
    return second


def method(function: Callable) -> Callable:
    """Enter a function among those that are methods only."""
    METHODS[function.__name__] = function
    return function


_OTHER_NAMES = {"input": "x", "other": "y", "axis": "dim", "keepdims": "keepdim"}


def _by_other_names(function: Callable, names: dict[str, str]) -> Callable:
    @functools.wraps(function)
    def called(*args: Any, **settings: Any) -> Any:
        if settings:
            given, settings = settings, {names.get(name, name): value for name, value in settings.items()}
            if len(settings) < len(given):
                raise TypeError(f"{function.__name__}: of {', '.join(given)}, two are names of the same argument.")
        try:
            return function(*args, **settings)
        except Exception as error:
            answer(error, function, args, settings)
            raise

    return called


def axes_of(dim: Dim, x: Tensor, name: str) -> tuple[int, ...] | None:
    """`dim` as NumPy's `axis`, each axis counted from the start."""
    if dim is None:
        return None
    dims = tuple(listed(dim))
    axes = tuple(wrap(d, x.ndim, name) for d in dims)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{name}: dim {dims} names an axis of {x.shape} twice.")
    return axes if axes and x.ndim else None  # PyTorch reads an empty list of dims as all of them


def listed(ints: Any) -> list[Any]:
    """Several ints, or one alone, as a list."""
    is_several = isinstance(ints, Iterable) and not isinstance(ints, str) and getattr(ints, "ndim", 1) > 0
    return list(ints) if is_several else [ints]


def takes_several(word: str) -> Callable:
    """Let a function of x and a tuple of ints take them as PyTorch does: (x, 2, 3), (x, (2, 3)) or (x, word=(2, 3))."""

    def decorate(function: Callable) -> Callable:
        name = function.__name__

        @functools.wraps(function)
        def spread(input: Tensor, *ints: Any, **settings: Any) -> Any:
            given: Any = ints or settings.pop(word, ())
            if settings:
                raise TypeError(f"{name}: expected {word} and nothing else, got {', '.join(settings)}.")
            if len(ints) == 1 and isinstance(ints[0], (tuple, list)):
                given = ints[0]
            try:
                several = tuple(map(operator.index, given if isinstance(given, (tuple, list)) else (given,)))
            except TypeError:
                raise TypeError(f"{name}: {word} must be ints, got {given!r}.") from None
            try:
                return function(input, several)
            except Exception as error:
                answer(error, function, (input, several), {})
                raise

        return spread

    return decorate


def is_operand(thing: Any) -> bool:
    """Whether `thing` is a tensor, an array or a number."""
    return isinstance(thing, (Tensor, np.generic, *Number)) or is_array(thing)


def operand(thing: Any, name: str) -> Any:
    """The array or Python number that an argument is."""
    if not is_operand(thing):
        raise TypeError(f"{name}: expected a tensor or a number, got {thing!r}.")
    if isinstance(thing, np.generic):
        return thing.item()
    if isinstance(thing, Tensor) or is_array(thing):
        return as_array(thing)
    return next(kind(thing) for kind in Number if isinstance(thing, kind))  # a member of an IntEnum is an int


def same_device(x: Tensor, y: Tensor, name: str) -> None:
    """Raise if the two are on different devices. (An op asks only when it has failed; see `lift`.)"""
    mixed = mixed_devices(name, [x.array, y.array])
    if mixed is not None:
        raise mixed


def wrap(dim: int, ndim: int, name: str) -> int:
    """A negative `dim` counts from the end. A 0-d tensor may be spoken of as if it had one axis, as in PyTorch."""
    ndim = builtins.max(ndim, 1)
    if type(dim) is not int:
        dim = whole(dim, name, "dim")
    if not -ndim <= dim < ndim:
        raise IndexError(f"{name}: dim must lie in {-ndim}..{ndim - 1}, got {dim}.")
    return dim % ndim


def whole(value: Any, name: str, word: str) -> int:
    """An argument that is an int, or an integer tensor of one element; as in PyTorch, no bool is."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: {word} must be an int, got {value!r}.") from None
