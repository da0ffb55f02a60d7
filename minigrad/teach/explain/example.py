"""The worked example: an op's own pair on small numbers, one element by hand, and all of them held against differences.

That one element is worked out from the definition, without the backward: moving it moves some outputs, each so many
times as fast (their slopes, found by differences), and each output's gradient counts with its slope. In a product the
slopes are elements of the other factor, and are called so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.lift import takes
from minigrad.numeric import numeric_jacobian
from minigrad.ops.shape import unbroadcast

MOST_TERMS = 6  # in an element that is worked out
JITTER = 0.03  # less than half of what the numbers lie apart, so nothing changes places
CLOSE = 1e-6


@dataclass(frozen=True)
class Term:
    """`dout[0, 1] · x[0, 2]`: the gradient that arrived at one output, times that output's slope.

    slope: what the slope is called; "" for a slope that is 1.
    """

    upstream: str
    upstream_value: float
    slope: str
    slope_value: float


@dataclass(frozen=True)
class Checked:
    """The gradient of one argument: as backward gives it, by differences, and one element of it in full.

    name: "dx". element: "dx[0, 1]", which is the sum of the terms. value: what backward says that it is.
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    element: str
    terms: tuple[Term, ...]
    value: float

    @property
    def difference(self) -> float:
        """The largest between the two."""
        return float(np.max(np.abs(self.analytic - self.numeric), initial=0.0))

    @property
    def agrees(self) -> bool:
        """Whether the two are the same, but for rounding."""
        return bool(np.allclose(self.analytic, self.numeric, rtol=CLOSE, atol=CLOSE))


@dataclass(frozen=True)
class Example:
    """An op on small numbers.

    inputs: (name, value) of what it was given, and outputs and upstream likewise, of what came out and came back.
    """

    inputs: tuple[tuple[str, Any], ...]
    settings: Mapping[str, Any]
    outputs: tuple[tuple[str, np.ndarray], ...]
    upstream: tuple[tuple[str, np.ndarray], ...]
    gradients: tuple[Checked, ...]

    @property
    def agrees(self) -> bool:
        """Whether every gradient is what differences say."""
        return all(gradient.agrees for gradient in self.gradients)


class Call:
    """One call of a pair: its arguments, which can be moved, and what came out.

    names: of the arguments. outputs: names of the outputs; flows: to how many of them, from the first on, a gradient
        comes.
    """

    def __init__(
        self,
        forward: Callable,
        backward: Callable,
        names: Sequence[str],
        args: Sequence[Any],
        settings: Mapping[str, Any],
        outputs: tuple[str, ...] = ("out",),
        flows: int = 1,
    ) -> None:
        self.forward, self.backward, self.args, self.settings, self.flows = forward, backward, args, settings, flows
        self.arguments = names
        self.names, self.arrays = _flat(names, args)
        with np.errstate(all="ignore"):
            out, self.cache = forward(*args, **settings)
        self.several = isinstance(out, tuple)
        outs = [np.asarray(one) for one in (out if self.several else (out,))]
        names_of_outs = outputs if len(outputs) == len(outs) else [f"out[{i}]" for i in range(len(outs))]
        self.outputs = tuple(zip(names_of_outs, outs, strict=True))

    def moved(self, arrays: Sequence[Any]) -> Call:
        """The same call with other arrays."""
        left = iter(arrays)
        args = [[next(left) for _ in one] if isinstance(one, list) else next(left) for one in self.args]
        names = [name for name, _ in self.outputs]
        return Call(self.forward, self.backward, self.arguments, args, self.settings, tuple(names), self.flows)

    def flat_out(self) -> np.ndarray:
        """All outputs that a gradient comes to, in one line."""
        return np.concatenate([out.ravel() for _, out in self.outputs[: self.flows]])

    def gradients(self, upstream: Sequence[np.ndarray]) -> list[np.ndarray | None]:
        """What backward gives for each of the arrays."""
        without = [None] * (len(self.outputs) - self.flows)
        dout = (*upstream, *without) if self.several else upstream[0]
        more = {"needs": tuple(map(_movable, self.arrays))} if takes(self.backward, "needs") else {}
        found = self.backward(dout, self.cache, **more)
        return list(found) if isinstance(found, (tuple, list)) else [found]

    def slopes(self, place: int) -> np.ndarray:
        """The slope of each output in each element of the array at `place`: (elements of it, elements of out)."""
        x = self.arrays[place]

        def out(array: np.ndarray) -> np.ndarray:
            return self.moved([*self.arrays[:place], array, *self.arrays[place + 1 :]]).flat_out()

        return numeric_jacobian(out, x.copy())


def work_out(call: Call, seed: int = 0) -> Example:
    """The example of a call, with an upstream gradient that is drawn."""
    rng = np.random.default_rng(seed)
    outs = call.outputs[: call.flows]
    upstream = tuple((f"d{name}", _upstream(rng, out.shape)) for name, out in outs)
    given = call.gradients([array for _, array in upstream])
    generic = call.moved([_jittered(array, rng) for array in call.arrays])
    checked = []
    for place, (name, array) in enumerate(zip(call.names, call.arrays, strict=True)):
        gradient = given[place]
        if gradient is None or not _movable(array):
            continue
        analytic = unbroadcast(np.asarray(gradient, np.float64), array.shape)
        slopes = call.slopes(place)
        numeric = (slopes @ np.concatenate([one.ravel() for _, one in upstream])).reshape(array.shape)
        names = _names_of_slopes(generic, place)
        checked.append(_checked(name, analytic, numeric, slopes, upstream, names))
    inputs = tuple((name, array) for name, array in zip(call.names, call.arrays, strict=True) if array is not None)
    return Example(inputs, call.settings, call.outputs, upstream, tuple(checked))


def _checked(
    name: str,
    analytic: np.ndarray,
    numeric: np.ndarray,
    slopes: np.ndarray,
    upstream: tuple[tuple[str, np.ndarray], ...],
    names: list[list[str | None]],
) -> Checked:
    """The two gradients, and the element with the most terms that are still few enough to be read."""
    arrived = [(f"{word}{_at(index)}", float(one)) for word, array in upstream for index, one in np.ndenumerate(array)]
    counts = (np.abs(slopes) > CLOSE).sum(axis=1)
    readable = [row for row in range(len(counts)) if counts[row] <= MOST_TERMS] or [int(counts.argmin())]
    row = max(readable, key=lambda one: counts[one])
    index = tuple(int(i) for i in np.unravel_index(row, analytic.shape)) if analytic.ndim else ()
    terms = []
    for column in np.flatnonzero(np.abs(slopes[row]) > CLOSE):
        word, value = arrived[column]
        slope = names[row][column]
        if slope is None:
            slope = f"∂{word[1:]}/∂{name}{_at(index)}"
        terms.append(Term(word, value, slope, float(slopes[row, column])))
    return Checked(f"d{name}", analytic, numeric, f"d{name}{_at(index)}", tuple(terms), float(analytic[index]))


def _names_of_slopes(call: Call, place: int) -> list[list[str | None]]:
    """For each slope the element of another array that it is, "" for 1, None for neither.

    call: on numbers with so many digits that two are equal only where they are the same one.
    """
    others = [(name, array) for i, (name, array) in enumerate(zip(call.names, call.arrays, strict=True)) if i != place]
    known = [
        (f"{name}{_at(index)}", float(value))
        for name, array in others
        if _movable(array)
        for index, value in np.ndenumerate(array)
    ]

    def called(slope: float) -> str | None:
        if abs(slope - 1) < CLOSE:
            return ""
        return next((name for name, value in known if abs(slope - value) < CLOSE), None)

    return [[called(slope) for slope in row] for row in call.slopes(place)]


def _flat(names: Sequence[str], args: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """The arguments with their names, the members of a list one by one."""
    flat = []
    for name, one in zip(names, args, strict=True):
        flat += [(f"{name}[{i}]", member) for i, member in enumerate(one)] if isinstance(one, list) else [(name, one)]
    return [name for name, _ in flat], [one for _, one in flat]


def _movable(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind == "f"


def _jittered(array: Any, rng: np.random.Generator) -> Any:
    return array + rng.uniform(-JITTER, JITTER, array.shape) if _movable(array) else array


def _upstream(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers with one decimal, none of them 0: ones would hide missing factors and transposes."""
    return np.asarray(rng.integers(2, 16, shape) * rng.choice([-1, 1], shape) / 10)


def _at(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
