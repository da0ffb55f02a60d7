"""Writes docs/ops.md, every op explained: `python docs/make_ops.py`."""

from __future__ import annotations

from pathlib import Path

from minigrad.teach.explain import FAMILIES, Explanation

PAGE = Path(__file__).parent / "ops.md"

HEAD = """# Every op, explained

The formula of each op, and how one derives its gradients. `minigrad explain NAME` adds its code and an example that is
worked out and checked ([more](explain.md)). This page is made by `python docs/make_ops.py`.
"""


def page() -> str:
    """The page as text, its formulas in LaTeX between dollars."""
    parts = [HEAD]
    for family, members in FAMILIES.items():
        parts.append(f"## {family}\n")
        parts += [section(one) for one in members]
    return "\n".join(parts)


def section(one: Explanation) -> str:
    """One op."""
    lines = [f"### {one.op}", "", f"{one.title}", "", math(one.formula), "", one.where]
    for gradient in one.gradients:
        lines += ["", f"**The gradient of `{gradient.argument}`**", "", math(gradient.rule), ""]
        for number, step in enumerate(gradient.steps, start=1):
            lines.append(f"{number}. {step.text}" + (f" ${step.math}$" if step.math else ""))
    lines += [f"\n{one.note}"] if one.note else []
    lines += [f"\nSource: {one.source}."] if one.source else []
    return "\n".join(lines) + "\n"


def math(latex: str) -> str:
    return f"$${latex}$$"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
