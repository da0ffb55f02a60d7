"""Writes docs/ops.md and the pages in docs/ops/, every op explained: `python docs/make_ops.py`."""

from __future__ import annotations

from pathlib import Path

from minigrad.teach.explain import FAMILIES, Explanation

DOCS = Path(__file__).parent

HEAD = """# Every op, explained

The formula of each op, and how one derives its gradients. `minigrad explain NAME` adds its code and an example that is
worked out and checked ([more](explain.md)). These pages are made by `python docs/make_ops.py`.

| family | ops |
|---|---|
"""


def pages() -> dict[Path, str]:
    """The pages as text, by file, their formulas in LaTeX between dollars."""
    rows = []
    made = {}
    for family, members in FAMILIES.items():
        file = file_of(family)
        links = " · ".join(f"[{one.op}](ops/{file.name}#{place_of(one)[1]})" for one in members)
        rows.append(f"| [{family}](ops/{file.name}) | {links} |\n")
        made[file] = f"# {family.capitalize()}\n\n" + "\n".join(map(section, members))
    entries = "".join(f"ops/{path.stem}\n" for path in made)
    contents = f"\n```{{toctree}}\n:hidden:\n\n{entries}```\n"  # for the site's navigation
    return {DOCS / "ops.md": HEAD + "".join(rows) + contents, **made}


def file_of(family: str) -> Path:
    return DOCS / "ops" / f"{family.replace(' ', '-')}.md"


def place_of(one: Explanation) -> tuple[Path, str]:
    """The page on which an op stands, and the anchor there."""
    family = next(family for family, members in FAMILIES.items() if one in members)
    return file_of(family), one.op


def section(one: Explanation) -> str:
    """One op."""
    lines = [f"## {one.op}", "", f"{one.title}", "", math(one.formula), "", one.where]
    for gradient in one.gradients:
        lines += ["", f"**The gradient of `{gradient.argument}`**", "", math(gradient.rule), ""]
        for number, step in enumerate(gradient.steps, start=1):
            lines.append(f"{number}. {step.text}")
            lines += ["", f"   {math(step.math)}", ""] if step.math else []
    lines += [f"\n{one.note}"] if one.note else []
    lines += [f"\nSource: {one.source}."] if one.source else []
    return "\n".join(lines) + "\n"


def math(latex: str) -> str:
    return f"$${latex}$$"


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
