"""The arguments of one call, and the places of the arrays in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.backend import is_array

Place = tuple[int, ...]  # (i,) is argument i, (i, j) member j of the list that is argument i
FEW = 6  # elements, which are printed


@dataclass(frozen=True)
class Case:
    """The arguments of one call: arrays, lists of arrays and other things by position, settings by keyword."""

    args: tuple[Any, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def arrays(self) -> Iterator[tuple[Place, np.ndarray]]:
        """Every array and its place, in order."""
        for i, argument in enumerate(self.args):
            if is_array(argument) or isinstance(argument, np.generic):
                yield (i,), argument
            elif isinstance(argument, (list, tuple)):
                yield from (((i, j), member) for j, member in enumerate(argument) if is_array(member))

    def places(self) -> list[Place]:
        """Where a gradient is due: the floating-point arrays."""
        return [place for place, array in self.arrays() if array.dtype.kind == "f"]

    def positions(self) -> Iterator[Place]:
        """Every positional argument, a list as its members; dicts are settings."""
        for i, argument in enumerate(self.args):
            if isinstance(argument, (list, tuple)):
                yield from ((i, j) for j in range(len(argument)))
            elif not isinstance(argument, dict):
                yield (i,)

    def at(self, place: Place) -> np.ndarray:
        """The array at a place."""
        found = self.args[place[0]]
        return found if len(place) == 1 else found[place[1]]

    def with_array(self, place: Place, array: Any) -> Case:
        """The same call with another array at a place."""
        first, *rest = place
        if rest:
            members = list(self.args[first])
            members[rest[0]] = array
            array = members
        return Case((*self.args[:first], array, *self.args[first + 1 :]), self.settings)

    def with_setting(self, **settings: Any) -> Case:
        """The same call with other settings."""
        return Case(self.args, {**self.settings, **settings})

    def each(self, change: Callable[[np.ndarray], Any]) -> Case:
        """The same call with every array changed."""
        return Case(tuple(_changed(argument, change) for argument in self.args), self.settings)

    def copied(self) -> Case:
        """The same call on copies, writeable and contiguous, so that nothing that is done to them matters. What else
        may be written into (a dict of settings) is copied too."""
        args = (_changed(argument, _copied) for argument in self.args)
        return Case(tuple(dict(one) if isinstance(one, dict) else one for one in args), dict(self.settings))

    def describe(self) -> str:
        """`x (3, 4) float64, w (4, 2) float64, stride=2`."""
        parts = [described(argument) for argument in self.args]
        return ", ".join(parts + [f"{word}={described(value)}" for word, value in self.settings.items()])


def _changed(argument: Any, change: Callable[[np.ndarray], Any]) -> Any:
    """The argument with its arrays changed: itself, or the members of a list; a list is a new one."""
    if is_array(argument) or isinstance(argument, np.generic):
        return change(argument)
    if isinstance(argument, (list, tuple)):
        return type(argument)(change(member) if is_array(member) else member for member in argument)
    return argument


def _copied(array: np.ndarray) -> np.ndarray:
    return np.array(array, order="C")


def described(value: Any) -> str:
    """`float64 (3, 4)`, a number, a short list of those; of a few elements their values, too."""
    if isinstance(value, (np.ndarray, np.generic)):
        values = f" {np.asarray(value).tolist()}" if value.size <= FEW else ""
        return f"{value.dtype} {value.shape}{values}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of {len(value)}" if len(value) > 4 else f"[{', '.join(map(described, value))}]"
    text = repr(value)
    return text if len(text) <= 60 else type(value).__name__
