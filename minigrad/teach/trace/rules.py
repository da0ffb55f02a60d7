"""What an op does and what its backward does, in symbols: as the steps of a trace tell it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from minigrad.lift import Op
from minigrad.teach.explain import UnknownOp, explanation_of
from minigrad.teach.explain.render import mathml_of, text_of


@dataclass(frozen=True)
class Formula:
    """A formula in LaTeX."""

    latex: str

    @functools.cached_property
    def text(self) -> str:
        """In a line, as a terminal shows it."""
        return text_of(self.latex)

    @functools.cached_property
    def html(self) -> str:
        """As a page shows it."""
        return mathml_of(self.latex)


@dataclass(frozen=True)
class Rules:
    """pair: which of the library's it is, as `linear.fc`. formula: of the op.

    gradients: the rule for each of its arguments; locals: the local factor alone, as text.
    """

    pair: str
    formula: Formula
    gradients: dict[str, Formula]
    locals: dict[str, str]

    def gradient(self, argument: str) -> Formula | None:
        """The rule for an argument; `arrays[1]` is one of the argument `arrays`."""
        return self.gradients.get(argument.partition("[")[0])


def rules_of(op: Op) -> Rules | None:
    """The rules of an op; None for a user's own."""
    return _rules_of(op) if op.is_ours else None


@functools.lru_cache(maxsize=256)
def _rules_of(op: Op) -> Rules | None:
    try:
        explanation = explanation_of(op)
    except UnknownOp:
        return None
    gradients = {one.argument: Formula(one.rule) for one in explanation.gradients}
    locals_ = {one.argument: text_of(one.local) for one in explanation.gradients}
    return Rules(explanation.pair, Formula(explanation.formula), gradients, locals_)
