"""Hypothesis strategies for tensors and the calls of ops.

Shapes and settings are drawn one by one, so that what fails shrinks to the smallest shape that fails. Values come from
one drawn seed: they are of no interest one by one, and drawing them so is a hundred times quicker. They have two
decimals, so that a printed example can be checked by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes
from hypothesis.strategies import SearchStrategy

from minigrad.backend import as_dtype
from minigrad.creation import from_numpy
from minigrad.tensor import Tensor
from minigrad.testing.case import Case

Shape = tuple[int, ...]
SEEDS = st.integers(0, 2**16)


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> SearchStrategy[Shape]:
    """Shapes of small arrays."""
    if max_dims == 0:
        return st.just(())
    return array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def arrays(
    shape: Shape | SearchStrategy[Shape] | None = None,
    *,
    low: float = -2.0,
    high: float = 2.0,
    away_from: Sequence[float] = (),
    margin: float = 0.05,
    dtype: Any = np.float64,
) -> SearchStrategy[np.ndarray]:
    """NumPy arrays of values between `low` and `high`.

    shape: a shape, or a strategy for one; None draws small ones, of 0 to 3 axes.
    away_from: kinks; no value is nearer to one of them than `margin`, so that differences see none.
    dtype: floating point, or an integer type, for which `high` is not reached.
    """
    dtype = as_dtype(dtype)

    def make(shape: Shape, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        if dtype.kind != "f":
            return np.asarray(rng.integers(int(low), int(high), shape), dtype)
        return np.asarray(_apart(rng.uniform(low, high, shape).round(2), away_from, margin, low, high), dtype)

    return _seeded(shape, make)


def tensors(
    shape: Shape | SearchStrategy[Shape] | None = None,
    *,
    low: float = -2.0,
    high: float = 2.0,
    away_from: Sequence[float] = (0.0,),
    margin: float = 0.05,
    dtype: Any = np.float64,
    requires_grad: bool = True,
) -> SearchStrategy[Tensor]:
    """Tensors, as `arrays`, and away from 0, where relu, abs and others have a kink."""

    def make(array: np.ndarray) -> Tensor:
        return from_numpy(array).requires_grad_(requires_grad and array.dtype.kind == "f")

    return arrays(shape, low=low, high=high, away_from=away_from, margin=margin, dtype=dtype).map(make)


def distinct_values(
    shape: Shape | SearchStrategy[Shape] | None = None, *, gap: float = 0.05, dtype: Any = np.float64
) -> SearchStrategy[np.ndarray]:
    """Arrays no two values of which are nearer to each other than `gap`: max, sort and pooling have no ties there."""

    def make(shape: Shape, seed: int) -> np.ndarray:
        size = int(np.prod(shape))
        ranks = np.random.default_rng(seed).permutation(size) - size // 2
        return np.asarray((ranks * gap + gap / 2).round(6).reshape(shape), dtype)

    return _seeded(shape, make)


def ties(shape: Shape | SearchStrategy[Shape] | None = None, *, dtype: Any = np.float64) -> SearchStrategy[np.ndarray]:
    """Arrays of the values 1, 2 and 3 only, so that a maximum is seldom alone."""
    return _seeded(shape, lambda shape, seed: np.random.default_rng(seed).integers(1, 4, shape).astype(dtype))


def broadcastable_shapes(
    count: int = 2, *, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4
) -> SearchStrategy[tuple[Shape, ...]]:
    """`count` shapes that broadcast with each other: with axes of length 1, and with leading axes missing."""
    return mutually_broadcastable_shapes(
        num_shapes=count, min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    ).map(lambda drawn: drawn.input_shapes)


def broadcastable(count: int = 2, **values: Any) -> SearchStrategy[tuple[np.ndarray, ...]]:
    """`count` arrays that broadcast with each other. values: as for `arrays`."""
    return broadcastable_shapes(count).flatmap(lambda found: st.tuples(*(arrays(shape, **values) for shape in found)))


def axes(ndim: int, *, several: bool = True, none: bool = True) -> SearchStrategy[Any]:
    """What `axis` may be for an array of `ndim` axes: a number, also a negative one; a tuple of them; None for all.

    For 0 axes only None is left. several, none: whether tuples, and None, are drawn.
    """
    if ndim == 0:
        return st.none()
    one = st.integers(-ndim, ndim - 1)
    choices: list[SearchStrategy] = [one]
    if several:
        choices.append(st.lists(st.integers(0, ndim - 1), min_size=1, unique=True).map(tuple))
    if none:
        choices.append(st.none())
    return st.one_of(choices)


def reductions(values: Any = arrays, *, several: bool = True, none: bool = True) -> SearchStrategy[Case]:
    """Calls of f(x, axis=, keepdims=). values: a strategy for arrays, given a shape."""

    @st.composite
    def draw_case(draw: st.DrawFn) -> Case:
        shape = draw(st.one_of(shapes(1, 3), st.sampled_from([(3, 3), (2, 2, 2)])))  # squares, which hide a wrong axis
        settings = {"axis": draw(axes(len(shape), several=several, none=none)), "keepdims": draw(st.booleans())}
        return Case((draw(values(shape)),), settings)

    return draw_case()


@st.composite
def conv_cases(
    draw: st.DrawFn,
    ndim: int = 2,
    *,
    bias: bool = True,
    strides: bool = True,
    dilations: bool = True,
    groups: bool = True,
    max_side: int = 6,
) -> Case:
    """Calls of f(x, w, b, stride=, padding=, dilation=, groups=) of which at least one output element comes out.

    x: (N, C, *lengths), w: (F, C / groups, *kernel), b: (F,) or None. ndim: how many axes the kernel has, at most 2.
    What is turned off is not among the settings (groups, dilation), or is left out of the call (bias).
    """
    group = draw(st.sampled_from([1, 1, 2])) if groups else 1
    n, c, f = draw(st.integers(1, 3)), draw(st.integers(1, 2)) * group, draw(st.integers(1, 3)) * group
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(ndim))
    settings: dict[str, Any] = {
        "stride": draw(st.integers(1, 3)) if strides else 1,
        "padding": draw(st.integers(0, 2)),
    }
    dilation = draw(st.integers(1, 2)) if dilations else 1
    if dilations:
        settings["dilation"] = dilation
    if groups:
        settings["groups"] = group
    least = [max(dilation * (k - 1) + 1 - 2 * settings["padding"], 1) for k in kernel]
    lengths = tuple(draw(st.integers(low, max(low, max_side))) for low in least)
    x, w, b = draw(arrays((n, c, *lengths))), draw(arrays((f, c // group, *kernel))), draw(arrays((f,)))
    return Case((x, w, b) if bias else (x, w), settings)


@st.composite
def conv_transpose_cases(draw: st.DrawFn, ndim: int = 2, *, max_side: int = 4) -> Case:
    """Calls of f(x, w, b, stride=, padding=, output_padding=, groups=, dilation=) of which an output element comes out.

    x: (N, C, *lengths), w: (C, F / groups, *kernel), b: (F,). ndim: how many axes the kernel has, at most 2.
    """
    group = draw(st.sampled_from([1, 1, 2]))
    n, c, f = draw(st.integers(1, 3)), draw(st.integers(1, 2)) * group, draw(st.integers(1, 2)) * group
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(ndim))
    stride, padding, dilation = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(1, 2))
    more = draw(st.integers(0, max(stride, dilation) - 1))
    least = [max(-((dilation * (k - 1) + more - 2 * padding) // stride) + 1, 1) for k in kernel]
    lengths = tuple(draw(st.integers(low, max(low, max_side))) for low in least)
    x, w, b = draw(arrays((n, c, *lengths))), draw(arrays((c, f // group, *kernel))), draw(arrays((f,)))
    settings = {"stride": stride, "padding": padding, "output_padding": more, "groups": group, "dilation": dilation}
    return Case((x, w, b), settings)


@st.composite
def pool_cases(draw: st.DrawFn, *, values: Any = distinct_values, padding: bool = True, max_side: int = 6) -> Case:
    """Calls of f(x, kernel_size=, stride=, padding=), x: (N, C, H, W), the padding at most half the kernel.

    values: a strategy for arrays, given a shape.
    """
    kernel = draw(st.integers(1, 3))
    settings = {"kernel_size": kernel, "stride": draw(st.integers(1, 3))}
    if padding:
        settings["padding"] = draw(st.integers(0, kernel // 2))
    least = max(kernel - 2 * settings.get("padding", 0), 1)
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *(draw(st.integers(least, max_side)) for _ in "hw"))
    return Case((draw(values(shape)),), settings)


def cases(inputs: Any, settings: dict[str, Any] | None = None) -> SearchStrategy[Case]:
    """Calls, from what a spec says of its inputs.

    inputs: a strategy for each argument, in a tuple or list; or one strategy for all of them, that gives a Case, a
        tuple of arguments, or one array. What is no strategy is passed on as it is.
    settings: a strategy, or a value, for each keyword.
    """
    words = {word: _strategy(value) for word, value in (settings or {}).items()}
    if isinstance(inputs, (tuple, list)):
        inputs = st.tuples(*map(_strategy, inputs))

    def make(drawn: Any, extra: dict[str, Any]) -> Case:
        if isinstance(drawn, Case):
            return Case(drawn.args, {**drawn.settings, **extra})
        return Case(drawn if isinstance(drawn, tuple) else (drawn,), extra)

    return st.tuples(_strategy(inputs), st.fixed_dictionaries(words)).map(lambda two: make(*two))


def _strategy(value: Any) -> SearchStrategy:
    return value if isinstance(value, SearchStrategy) else st.just(value)


def _seeded(
    shape: Shape | SearchStrategy[Shape] | None, make: Callable[[Shape, int], np.ndarray]
) -> SearchStrategy[np.ndarray]:
    """make(shape, seed). Not by `st.builds`, which looks at the signature anew for each strategy that is made."""
    if shape is None:
        shape = shapes()
    if isinstance(shape, SearchStrategy):
        return st.tuples(shape, SEEDS).map(lambda two: make(*two))
    return SEEDS.map(lambda seed: make(shape, seed))


def _apart(values: np.ndarray, points: Sequence[float], margin: float, low: float, high: float) -> np.ndarray:
    """The values, those too near to a point moved off, to the side on which they are (up, if that is in reach)."""
    for point in points:
        side = np.where((values >= point) & (point + margin <= high) | (point - margin < low), 1.0, -1.0)
        values = np.where(np.abs(values - point) < margin, point + margin * side, values)
    return values
