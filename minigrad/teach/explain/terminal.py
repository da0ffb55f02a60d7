"""An explanation as text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.teach.colours import Colours
from minigrad.teach.explain.example import Checked, Example
from minigrad.teach.explain.explanation import Explanation, Gradient
from minigrad.teach.explain.render import text_of

WIDTH = 100
BY_HAND = "One element of each by hand: what arrives at each output that it moves, times that output's slope."
PLAIN = Colours(on=False)


def text(report: Any, paint: Colours = PLAIN) -> str:
    """All of a report, an `Explained`."""
    parts = [_head(report, paint)]
    if report.explanation is not None:
        parts += [_gradient(one, paint) for one in report.explanation.gradients]
        parts += [_paragraph(part) for part in (report.explanation.note, _from(report.explanation)) if part]
    if report.example is not None:
        parts += [_example(report.example, paint), _check(report.example, paint)]
    for what, code in report.sources.items():
        parts.append(f"{paint.strong('Code: ' + what)}\n\n{textwrap.indent(code, '    ')}")
    return "\n\n".join(parts)


def contents(families: Mapping[str, Sequence[Explanation]], paint: Colours = PLAIN) -> str:
    """The names of all ops, family by family."""
    lines = []
    for family, members in families.items():
        names = ", ".join(dict.fromkeys(one.op for one in members))
        lines.append(f"{paint.strong(family)}\n{_paragraph(names, '    ')}")
    return "\n".join(lines)


def _head(report: Any, paint: Colours) -> str:
    one = report.explanation
    if one is None:
        doc = [f"{way}: {function.__doc__.strip()}" for way, function in _pair(report) if function.__doc__]
        lines = [paint.strong(report.name), "An op of your own: it has no formula here."]
        if report.inputs is None:
            lines.append("Give it inputs, mg.explain(op, x, ...), and its gradients are held against differences.")
        return "\n\n".join([*lines, *map(textwrap.dedent, doc)])
    title = f"{paint.strong(one.op)}  {one.title}"
    return f"{title}\n\n    {paint.value(text_of(one.formula))}\n\n{_paragraph(one.where)}"


def _pair(report: Any) -> list[tuple[str, Any]]:
    return [("forward", report.forward), ("backward", report.backward)]


def _from(explanation: Explanation) -> str:
    return f"Source: {explanation.source}." if explanation.source else ""


def _paragraph(words: str, indent: str = "") -> str:
    return textwrap.fill(words, WIDTH, initial_indent=indent, subsequent_indent=indent)


def _gradient(gradient: Gradient, paint: Colours) -> str:
    lines = [f"{paint.strong(f'The gradient of {gradient.argument}:')}  {paint.value(text_of(gradient.rule))}", ""]
    for place, step in enumerate(gradient.steps, start=1):
        lines.append(textwrap.fill(step.text, WIDTH, initial_indent=f"  {place}. ", subsequent_indent="     "))
        if step.math:
            lines.append(f"         {paint.value(text_of(step.math))}")
    return "\n".join(lines)


def _example(example: Example, paint: Colours) -> str:
    settings = ", ".join(f"{word}={written(value)}" for word, value in example.settings.items())
    lines = [paint.strong("An example") + (f"  ({settings})" if settings else ""), ""]
    lines += [_named(name, value) for name, value in (*example.inputs, *example.outputs)]
    lines += ["", "Let this come back:", "", *(_named(name, value) for name, value in example.upstream)]
    lines += ["", "Then backward gives:", "", *(_named(one.name, one.analytic) for one in example.gradients)]
    lines += ["", BY_HAND, "", "\n".join(textwrap.indent(by_hand(one), "    ") for one in example.gradients)]
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n"))


def by_hand(one: Checked) -> str:
    """`dw[1, 0] = dout[0, 0] · x[0, 1] + ...`, a term a line with its numbers beside it, and the result below."""
    if not one.terms:
        return f"{one.element} = 0, for it moves no output."
    words = [f"{term.upstream} · {term.slope}" if term.slope else term.upstream for term in one.terms]
    width, left = max(map(len, words)), " " * len(one.element)
    lines = []
    for term, word in zip(one.terms, words, strict=True):
        figures = number(term.upstream_value) + (f" · {number(term.slope_value)}" if term.slope else "")
        lines.append(f"{left} + {word:{width}}    {figures}")
    lines[0] = lines[0].replace(f"{left} +", f"{one.element} =", 1)
    return "\n".join([*lines, f"{left} = {one.value:.4g}"])


def number(value: float) -> str:
    """A number among others: a negative one in parentheses."""
    digits = f"{value:.4g}"
    return f"({digits})" if digits.startswith("-") else digits


def _check(example: Example, paint: Colours) -> str:
    lines = [paint.strong("Held against differences, (f(x + h) - f(x - h)) / 2h"), ""]
    width = max((len(one.name) for one in example.gradients), default=0)
    for one in example.gradients:
        verdict = paint.good("agrees") if one.agrees else paint.bad("differs")
        lines.append(f"    {one.name:{width}}  {verdict}  largest difference {one.difference:.1e}")
    return "\n".join(lines)


def _named(name: str, value: Any) -> str:
    return textwrap.indent(f"{name} = ", "    ") + written(value).replace("\n", "\n" + " " * (len(name) + 7))


def written(value: Any) -> str:
    """A setting or an argument; an array to four places."""
    if not isinstance(value, np.ndarray):
        return str(value)
    rounded = np.round(value, 4) + 0.0 if value.dtype.kind == "f" else value  # + 0.0: no -0.
    return np.array2string(rounded, separator=", ", suppress_small=True, max_line_width=WIDTH)
