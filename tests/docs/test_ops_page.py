"""docs/ops.md is what the explanations say now."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date():
    spec = importlib.util.spec_from_file_location("make_ops", DOCS / "make_ops.py")
    make_ops = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_ops)
    written = (DOCS / "ops.md").read_text(encoding="utf-8")
    assert make_ops.page() == written, "run python docs/make_ops.py"
    assert written.count("\n### ") > 100
