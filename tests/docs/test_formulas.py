"""Formulas become MathML, and what does not is a warning, on a site of one page."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("sphinx", reason="needs Sphinx, of the extra docs")
pytest.importorskip("myst_parser", reason="needs MyST, of the extra docs")

from tests.docs.conftest import DOCS

SETTINGS = {
    "extensions": ["myst_parser", "extensions.mathematics"],
    "html_math_renderer": "mathml",
    "myst_enable_extensions": ["dollarmath", "amsmath"],
    "html_theme": "basic",
}


def built(folder, text: str) -> tuple[str, str]:
    """The page of a text, and the warnings of its build."""
    settings = "".join(f"{name} = {json.dumps(value)}\n" for name, value in SETTINGS.items())
    (folder / "conf.py").write_text(f"import sys\nsys.path.insert(0, {str(DOCS)!r})\n{settings}", "utf-8")
    (folder / "index.md").write_text(f"# Title\n\n{text}\n", "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(folder), str(folder / "out")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return (folder / "out" / "index.html").read_text("utf-8"), run.stderr


def test_formulas_are_mathml_in_lines_blocks_and_rows(tmp_path):
    rows = r"\begin{aligned} a &= b \\ c &= d \end{aligned}"
    bare = "\\begin{align*}\na &= b\n\\end{align*}"
    page, warnings = built(tmp_path, f"A $x_1$.\n\n$$\\frac 1 2$$\n\n$$\n{rows}\n$$\n\n{bare}")
    assert warnings == ""
    assert page.count("<math ") == 4 and page.count('display="block"') == 3
    assert page.count("<mtr>") == 3 and "https://cdn" not in page


def test_what_cannot_be_shown_is_a_warning(tmp_path):
    bad = [r"\frobnicate x", r"a &= b", r"\begin{tikzcd} a \end{tikzcd}", r"a_"]
    _, warnings = built(tmp_path, "\n\n".join(f"$${latex}$$" for latex in bad))
    assert warnings.count("WARNING: The formula") == len(bad)
