"""`OpSpec`: an op, and the calls on which it is to be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from minigrad.testing.case import Case
from minigrad.testing.strategies import cases
from minigrad.testing.subjects import Loss, Pair, Subject


@dataclass(frozen=True)
class OpSpec:
    """An op, and the calls on which it is to be right.

    forward, backward: a pair as `differentiable` takes. backward None: forward returns (value, gradient) at once, as
        `softmax_loss` does.
    inputs: Hypothesis strategies, one for each argument; or one for all, that gives a tuple of arguments or a Case. See
        `minigrad.testing.strategies`.
    settings: a strategy, or a value, for each keyword.
    kinks: values at which there is no slope (relu: 0). Drawn values are moved away from them, and one more call is made
        with them only, on which gradients must be finite.
    reference: a function of the same arguments that gives the right output.
    broadcasts: the arguments broadcast, and gradients may come in the output's shape.
    flows: for several outputs, which of them has a gradient; None: every floating-point one.
    name: of the op; None: that of `forward`.
    """

    forward: Callable
    backward: Callable | None = None
    inputs: Any = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    kinks: Sequence[float] = ()
    reference: Callable | None = None
    broadcasts: bool = False
    flows: tuple[bool, ...] | None = None
    name: str | None = None

    def subject(self) -> Subject:
        """What can be checked of it."""
        if self.backward is None:
            return Loss(self.forward, self.name)
        return Pair(self.forward, self.backward, self.name, broadcasts=self.broadcasts, flows=self.flows)

    def cases(self) -> SearchStrategy[Case]:
        """The calls, with values away from the kinks."""
        drawn = cases(self.inputs, dict(self.settings))
        return drawn.map(self._away_from_kinks) if self.kinks else drawn

    def _away_from_kinks(self, case: Case) -> Case:
        for place in case.places():
            array = case.at(place)
            for kink in self.kinks:
                near = np.abs(array - kink) < 0.05
                array = np.where(near, kink + np.where(array >= kink, 0.05, -0.05), array).astype(array.dtype)
            case = case.with_array(place, array)
        return case
