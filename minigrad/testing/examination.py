"""What is found out about one call: a judged gradient for each array, and beside it what it should have been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.testing.case import Case, Place
from minigrad.testing.measure import Measured
from minigrad.testing.report import GradientReport
from minigrad.testing.subjects import Upstream


@dataclass
class Gradient:
    """One gradient of one call.

    analytic: what backward returned, float64; None if that was no array. measured: None where no slope was needed.
    wrong: the elements that disagree. tied: the elements that agree alone, and not together.
    """

    place: Place
    report: GradientReport
    analytic: np.ndarray | None = None
    measured: Measured | None = None
    wrong: np.ndarray | None = None
    tied: bool = False

    @property
    def slope(self) -> np.ndarray:
        """What it should be; NaN where that was not asked."""
        assert self.measured is not None
        return self.measured.slope


@dataclass
class Examination:
    """All gradients of one call."""

    case: Case
    upstream: Upstream
    outs: tuple[Any, ...]
    gradients: dict[Place, Gradient]
    notes: tuple[str, ...] = ()

    def place(self, name: str) -> Place | None:
        """Where the gradient of this name is, if there is one."""
        return next((place for place, one in self.gradients.items() if one.report.name == name), None)
