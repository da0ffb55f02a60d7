"""What a check says: one line a gradient, the worst element, a verdict, and where it can be told, the cause."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

OK = "ok"
WRONG = "wrong"
KINK = "at a kink"
ILL = "ill-conditioned"
RANDOM = "not deterministic"
MUTATED = "input mutated"

NOT_CHECKED = "not checked"  # of an op that could not even be tried

VERDICTS = (OK, KINK, ILL, WRONG, RANDOM, MUTATED)  # the later one decides
PASSING = (OK, KINK)
FAILING = (WRONG, RANDOM, MUTATED)
UNDECIDED = (ILL, NOT_CHECKED)

CAUSES = (
    "constant-factor",
    "sign",
    "transpose",
    "upstream-ignored",
    "axis-not-summed",
    "wrong-axis",
    "overwritten",
    "kernel-flipped",
    "border",
    "stride",
    "wrong-mask",
    "ties",
    "statistics-constant",
    "eval-formula",
    "wrong-shape",
    "input-mutated",
    "memory-layout",
    "unknown",
)


@dataclass(frozen=True)
class GradientReport:
    """One gradient.

    name: "dx" for a pair's argument x, "input 0" for a function of Tensors.
    verdict: one of VERDICTS. cause: one of CAUSES when it is wrong, otherwise None. detail: a sentence about either.
    index, analytic, numeric, relative_error: of the worst element that could be judged; None if there is none.
    example: the smallest call in which it failed, if calls were drawn.
    """

    name: str
    verdict: str = OK
    cause: str | None = None
    detail: str = ""
    index: tuple[int, ...] | None = None
    analytic: float | None = None
    numeric: float | None = None
    relative_error: float | None = None
    example: str = ""

    @property
    def ok(self) -> bool:
        """Nothing is held against it; at a kink there is no gradient to compare with."""
        return self.verdict in PASSING

    def __str__(self) -> str:
        worst = ""
        if self.index is not None:
            place = f" at [{', '.join(map(str, self.index))}]" if self.index else ""
            analytic, numeric = _without_minus_zero(self.analytic), _without_minus_zero(self.numeric)
            worst = f"worst{place}: {analytic:.6g} by backward, {numeric:.6g} by differences"
            worst += f" (relative error {self.relative_error:.1e})"
        head = f"{self.name}: {self.verdict}" + (f" ({self.cause})" if self.cause else "")
        example = f"smallest failing call: {self.example}" if self.example else ""
        return "\n    ".join(part for part in (head, self.detail, worst, example) if part)


@dataclass(frozen=True)
class Report:
    """What a check of `name` found. True if nothing is wrong, so that `assert gradcheck(f, x)` tests and explains."""

    name: str
    gradients: tuple[GradientReport, ...]
    inputs: str = ""  # of the failing call, in words: shapes and settings
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> str:
        """The gravest of the gradients' verdicts."""
        return max((one.verdict for one in self.gradients), key=VERDICTS.index, default=OK)

    @property
    def ok(self) -> bool:
        """Whether every gradient is right, as far as that can be told."""
        return all(one.ok for one in self.gradients)

    @property
    def worst(self) -> GradientReport | None:
        """The gradient with the gravest verdict; of several, the one with the largest relative error."""
        return max(
            self.gradients, key=lambda one: (VERDICTS.index(one.verdict), one.relative_error or 0.0), default=None
        )

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.verdict}" + (f", for {self.inputs}" if self.inputs else "")]
        for one in self.gradients:
            lines += ["  " + line for line in str(one).splitlines()]
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return for_notebook(str(self))


def for_notebook(text: str) -> str:
    """A report's text as HTML: line by line, and a line that is too long goes on below, a little further in."""
    lines = [
        f'<div style="padding-left: {len(line) - len(line.lstrip()) + 4}ch; text-indent: -4ch">'
        f"{html.escape(line.lstrip()) or '&nbsp;'}</div>"
        for line in text.splitlines()
    ]
    return f'<div style="font: 0.875em/1.45 monospace; white-space: pre-wrap">{"".join(lines)}</div>'


def _without_minus_zero(value: float | None) -> float:
    """A product with 0 may be -0, which is right, and puzzles whoever reads it."""
    assert value is not None
    return value + 0.0
