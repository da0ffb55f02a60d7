"""What is probably wrong with a gradient: the mistakes that people make, tried one after another.

A rule looks at one failing call and returns sentences, each an explanation of all that it sees there; none if the
mistake is another. A cause is named only if one and the same sentence explains every failing call that is at hand: the
drawn ones, and redraws of their values. One call alone would match too much: of a single element, everything is a
constant factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from minigrad.testing.case import Place
from minigrad.testing.diagnosis import axes, factors, normalization, paths, shapes, windows
from minigrad.testing.diagnosis.evidence import Evidence, gather
from minigrad.testing.examination import Examination
from minigrad.testing.report import WRONG, GradientReport
from minigrad.testing.subjects import Subject

Rule = Callable[[Evidence], list[str] | None]  # None: this call can neither confirm nor refute it

WRONG_SHAPE: list[tuple[str, Rule]] = [
    ("wrong-shape", shapes.reshaped),
    ("axis-not-summed", shapes.not_summed),
    ("wrong-axis", axes.summed_over_others),
    ("transpose", axes.permuted),
    ("wrong-shape", shapes.misshapen),
]

# The first that fits is named, so what is more special stands before what is more general.
WRONG_VALUES: list[tuple[str, Rule]] = [
    ("upstream-ignored", factors.upstream_ignored),
    ("stride", windows.only_with_stride),
    ("border", windows.only_at_border),
    ("sign", factors.wrong_sign),
    ("constant-factor", factors.constant_factor),
    ("statistics-constant", normalization.statistics_constant),
    ("eval-formula", normalization.eval_formula),
    ("wrong-axis", normalization.normalization_axes),
    ("constant-factor", normalization.normalization_factor),
    ("sign", normalization.normalization_sign),
    ("wrong-axis", axes.wrong_axis),
    ("transpose", axes.transpose),
    ("kernel-flipped", windows.kernel_flipped),
    ("overwritten", paths.overwritten),
    ("wrong-mask", paths.wrong_mask),
]


def diagnose(subject: Subject, place: Place, failing: Sequence[Examination], seed: int = 0) -> GradientReport:
    """The report of the gradient at `place` in the first of the failing calls; if it is wrong there, with its cause.

    failing: examinations in which this gradient is wrong, the one to report first.
    """
    report = failing[0].gradients[place].report
    if report.verdict != WRONG or (report.cause == "wrong-shape" and failing[0].gradients[place].measured is None):
        return report
    if report.cause == "memory-layout" or all(one.gradients[place].tied for one in failing):
        return report
    rng = np.random.default_rng(seed)
    evidence = list(gather(subject, place, failing, rng))
    if not evidence:
        return report
    misshapen = [one for one in evidence if one.found.shape != one.due.shape]
    for cause, rule in WRONG_SHAPE if misshapen else WRONG_VALUES:
        explanations = _common(rule(one) for one in (misshapen or evidence))
        if explanations:
            return replace(report, cause=cause, detail=explanations[0])
    return report


def _common(answers: Iterable[list[str] | None]) -> list[str]:
    """The sentences that are in every answer. No more are asked for once there is none."""
    common: list[str] | None = None
    for answer in answers:
        if answer is not None:
            common = [sentence for sentence in answer if common is None or sentence in common]
            if not common:
                break
    return common or []
