"""Slopes by differences: slow, simple, and without a backward.

    (f(x + h) - f(x - h)) / 2h = f'(x) + f'''(x) h²/6 + ...

What is even in h cancels, so the error of the formula is of the order of h²; rounding adds about ε |f| / h, with ε the
precision of the numbers. The two are equal at h of the order of ε^(1/3), which is the step here: 6e-6 in float64, times
the value where that is larger than 1.
(Press et al., Numerical Recipes, 5.7; Squire and Trapp, SIAM Review 40 (1998), for the complex step.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from minigrad.backend import DtypeError, ShapeError

METHODS = ("central", "richardson", "complex")
SMALLEST = 1e-30  # a complex step: nothing is subtracted, so it can be as small as one likes


def numerical_gradient(
    f: Callable[[np.ndarray], ArrayLike],
    x: np.ndarray,
    upstream: ArrayLike | None = None,
    *,
    h: float | None = None,
    method: str = "central",
) -> np.ndarray:
    """The gradient of Σ upstream * f(x) with respect to x: what a backward should return for this upstream gradient.

    f: is given x itself, moved in one element (a complex copy of it for the complex step), and returns an array or a
        number. x: floating point, any shape; its values are restored exactly, whatever f does.
    upstream: of the shape of f(x), or a number; None counts as ones.
    h: the step; None takes the one of the module's text, different for each element.
    method: "central": see above. "richardson": two central differences, with h and h/2, of which (4 D(h/2) - D(h)) / 3
        has an error of the order of h⁴. "complex": Im f(x + ih) / h, exact to rounding, for functions that are analytic
        and work on complex arrays (no abs, max, comparison).
    Returns an array of x's shape in float64. Raises DtypeError, ShapeError or ValueError for what does not fit.
    """
    if method not in METHODS:
        raise ValueError(f"numerical_gradient: method must be one of {', '.join(METHODS)}, got {method!r}.")
    movable(x, "numerical_gradient")
    gradient = np.zeros(x.shape)
    for index, slope in slopes(f, x, h, method):
        gradient[index] = np.sum(slope * _fitting(upstream, slope.shape))
    return gradient


def slopes(
    f: Callable[[np.ndarray], ArrayLike], x: np.ndarray, h: float | None = None, method: str = "central"
) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """For each index of x the slope of f along that element: an array of the shape of f(x)."""
    if method == "complex":
        yield from _complex_slopes(f, x)
        return
    for index in np.ndindex(x.shape):
        if method == "central":
            (up, above), (down, below) = values_around(f, x, index, (1.0, -1.0), h)
            yield index, (above - below) / (up - down)
        else:
            (up, above), (down, below), (near_up, near_above), (near_down, near_below) = values_around(
                f, x, index, (1.0, -1.0, 0.5, -0.5), h
            )
            near = (near_above - near_below) / (near_up - near_down)
            yield index, (4 * near - (above - below) / (up - down)) / 3


def values_around(
    f: Callable[[np.ndarray], ArrayLike],
    x: np.ndarray,
    index: tuple[int, ...],
    offsets: Sequence[float],
    h: float | None = None,
) -> list[tuple[float, np.ndarray]]:
    """For each offset (the step as it was stored, the value of f there) with x[index] moved by offset * h."""
    kept = x[index]
    step = step_for(kept) if h is None else h
    around = []
    try:
        for offset in offsets:
            x[index] = kept + offset * step
            # What was stored is not what was meant: in float32 the two differ in the third digit.
            taken = float(np.float64(x[index]) - np.float64(kept))
            around.append((taken, value_of(f, x)))
    finally:
        x[index] = kept
    return around


def step_for(value: np.floating | np.ndarray, least: float = 1.0) -> float:
    """ε^(1/3), times the largest value where that is larger than `least`."""
    largest = float(np.max(np.abs(value), initial=0.0))
    scale = max(largest if np.isfinite(largest) else 0.0, least)
    return float(np.finfo(value.dtype).eps) ** (1 / 3) * scale


def value_of(f: Callable[[np.ndarray], ArrayLike], x: np.ndarray) -> np.ndarray:
    """f(x) as a float64 array of its own: f may return x itself, or its own buffer."""
    return np.array(f(x), np.float64)


def directional_derivative(
    f: Callable[[np.ndarray], ArrayLike],
    x: np.ndarray,
    direction: np.ndarray,
    upstream: ArrayLike | None = None,
    *,
    h: float | None = None,
) -> float:
    """The slope of Σ upstream * f(x) when x moves along `direction`: Σ gradient * direction, in two evaluations of f.

    A gradient of a million elements is checked against a few random directions instead of element by element.
    x: is moved in place and restored exactly. direction: an array of x's shape. upstream, h: as numerical_gradient's.
    """
    movable(x, "directional_derivative")
    if np.shape(direction) != x.shape:
        raise ShapeError(
            f"directional_derivative: direction must have the shape of x, {x.shape}, got {np.shape(direction)}."
        )
    kept = x.copy()
    step = (step_for(x) if h is None else h) / (float(np.max(np.abs(direction), initial=0.0)) or 1.0)
    try:
        x[...] = kept + step * direction
        above = value_of(f, x)
        x[...] = kept - step * direction
        slope = (above - value_of(f, x)) / (2 * step)
    finally:
        x[...] = kept
    return float(np.sum(slope * _fitting(upstream, slope.shape)))


def numeric_jacobian(f: Callable[[np.ndarray], ArrayLike], x: np.ndarray, h: float | None = None) -> np.ndarray:
    """d f(x) / dx, of shape (elements of x, elements of f(x)), float64, by central differences. f, x, h: as above."""
    movable(x, "numeric_jacobian")
    rows = [slope.ravel() for _, slope in slopes(f, x, h)]
    return np.array(rows) if rows else np.zeros((0, value_of(f, x).size))


def _complex_slopes(f: Callable, x: np.ndarray) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    moved = x.astype(np.complex128)
    for index in np.ndindex(x.shape):
        kept = moved[index]
        moved[index] = kept + 1j * SMALLEST
        try:
            value = np.asarray(f(moved))
        except TypeError as error:
            raise TypeError(f"the complex step needs a function that takes complex arrays: {error}") from error
        moved[index] = kept
        if value.dtype.kind != "c":
            raise TypeError(
                f"the complex step needs a function that gives complex numbers for them, got {value.dtype}. Use "
                'method="central" for functions with abs, max or comparisons.'
            )
        yield index, value.imag / SMALLEST


def movable(x: np.ndarray, name: str) -> np.ndarray:
    """x, once it is sure that a small step of it can be stored. name: of the function that complains."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{name}: x must be a NumPy array, because it is changed in place, got {type(x).__name__}.")
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: x must be floating point, got {x.dtype}, where x + h is x. Use x.astype(float).")
    if not x.flags.writeable:
        raise ValueError(f"{name}: x is read-only, and must be moved in place. Give a copy: x.copy().")
    return x


def _fitting(upstream: ArrayLike | None, shape: tuple[int, ...]) -> np.ndarray:
    given = np.asarray(1.0 if upstream is None else upstream)
    if given.shape != shape and given.ndim > 0:
        raise ShapeError(f"numerical_gradient: upstream must have the shape of f(x), {shape}, got {given.shape}.")
    return given
