"""What differences say of a slope, and how far they can be trusted.

Around each element the function is evaluated at x ± h and x ± h/2. Four values tell more than one slope:

- a smooth function: the slope ahead, (f(x+h) - f(x)) / h, and the one behind differ by h f''(x), so by half as much
  with half the step;
- a kink (relu at 0): ahead and behind differ by the same amount with any step;
- a jump (floor at 1): they differ by more, the smaller the step;
- the central differences with h and h/2 agree, but for h² f'''(x) / 8 and rounding: what they disagree is the error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minigrad.numeric import step_for, value_of, values_around

SAME_GAP = 0.75  # with half the step a smooth function keeps 0.5 of the gap, |x|^1.5 0.71, a kink 1
LEAST_GAP = 1e-4  # of the slope: below that a kink is no kink
NEAR_KINK = 0.05  # of the slope: a gap that a kink within the step leaves
SURE = 1e-6  # of the slope: two values that agree with it so well need no others
UNTRUSTED = 1e-5  # of the slope: an error above it is worth a second look with a smaller step
EPSILON = float(np.finfo(np.float64).eps)


@dataclass
class Measured:
    """Of each element of x.

    slope: of Σ upstream * f, by central differences (Richardson's); NaN for elements that were not looked at.
    error: how far it may be off.
    kink: the slopes ahead and behind differ, so there is no gradient here, or x is at the edge of f's domain.
    """

    slope: np.ndarray
    error: np.ndarray
    kink: np.ndarray


def measure(
    f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    upstream: np.ndarray,
    only: np.ndarray | None = None,
    expected: np.ndarray | None = None,
) -> Measured:
    """The slope of Σ upstream * f(x) in every element of x, float64, or in those where `only` is True.

    f: gives a flat array, of upstream's shape. x: is moved in place, and restored.
    expected: what the slopes should be. Where f(x ± h) already says the same, f(x ± h/2) is not asked: the function is
    what takes the time.
    """
    result = Measured(np.full(x.shape, np.nan), np.zeros(x.shape), np.zeros(x.shape, bool))
    here = value_of(f, x)
    for index in np.ndindex(x.shape):
        if only is None or only[index]:
            hoped = None if expected is None else float(expected[index])
            result.slope[index], result.error[index], result.kink[index] = _element(f, x, index, here, upstream, hoped)
    return result


def measure_along(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, direction: np.ndarray, upstream: np.ndarray
) -> tuple[float, float, bool]:
    """(slope, error, kink) of Σ upstream * f(x) when x moves along `direction`."""
    return _with_step(lambda t: f(x + t * direction), np.zeros(()), (), value_of(f, x), upstream, step_for(x))


def _element(
    f: Callable, x: np.ndarray, index: tuple[int, ...], here: np.ndarray, upstream: np.ndarray, hoped: float | None
) -> tuple[float, float, bool]:
    slope, error, kink = _with_step(f, x, index, here, upstream, step_for(x[index]), hoped)
    if abs(x[index]) < 1 and (not kink or error == np.inf) and not error <= UNTRUSTED * abs(slope):
        # The step was taken for values of about 1. Where that leads too far, one of the value's own size is better.
        nearer = _with_step(f, x, index, here, upstream, step_for(x[index], least=1e-8), hoped)
        if not nearer[1] >= error:
            return nearer
    return slope, error, kink


def _with_step(
    f: Callable,
    x: np.ndarray,
    index: tuple[int, ...],
    here: np.ndarray,
    upstream: np.ndarray,
    h: float,
    hoped: float | None = None,
) -> tuple[float, float, bool]:
    with np.errstate(all="ignore"):
        (up, above), (down, below) = values_around(f, x, index, (1.0, -1.0), h)
        ahead, behind = _quotient(upstream, above, here, up), _quotient(upstream, here, below, -down)
        wide = _quotient(upstream, above, below, up - down)
        gap, size = abs(ahead - behind), max(abs(ahead), abs(behind))
        # Each value is off by its last digit; one that did not move may be too large for the step to show.
        moved = (above != below) & np.isfinite(above) & np.isfinite(below)
        values = np.where(np.isfinite(here), np.abs(upstream * here), 0.0)
        rounding = 4 * float(np.sum(values[moved])) + 2 * float(np.max(values[~moved], initial=0.0))
        noise = 2 * EPSILON * rounding / abs(up) if up else np.inf
        if hoped is not None and gap <= LEAST_GAP * size and abs(wide - hoped) <= SURE * abs(hoped):
            return wide, noise, False

        (half_up, half_above), (half_down, half_below) = values_around(f, x, index, (0.5, -0.5), h)
        near = _quotient(upstream, half_above, half_below, half_up - half_down)
        if not np.isfinite([ahead, behind]).all():
            one_side = bool(np.isfinite(ahead)) != bool(np.isfinite(behind))
            return near, np.inf, one_side and bool(np.isfinite(here).all())
        near_ahead = _quotient(upstream, half_above, here, half_up)
        near_behind = _quotient(upstream, here, half_below, -half_down)
        near_gap, error = abs(near_ahead - near_behind), abs(wide - near) + noise
        at_kink = near_gap > SAME_GAP * gap and near_gap > LEAST_GAP * size + 10 * noise
        beside_kink = gap > NEAR_KINK * size + 10 * noise and error > LEAST_GAP * size + 10 * noise
    return (4 * near - wide) / 3, error, at_kink or beside_kink


def _quotient(upstream: np.ndarray, above: np.ndarray, below: np.ndarray, step: float) -> float:
    """Σ upstream * (above - below) / step; what did not move counts nothing, infinite or not."""
    moved = above - below
    moved[above == below] = 0.0
    return float(np.dot(upstream, moved)) / step if step else np.inf
