"""The page of all functions is what the table and the docstrings say now."""

import importlib.util
from pathlib import Path

MAKE_API = Path(__file__).parents[2] / "docs" / "make_api.py"


def test_the_page_is_up_to_date():
    spec = importlib.util.spec_from_file_location("make_api", MAKE_API)
    make_api = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_api)
    assert make_api.PAGE.read_text(encoding="utf-8") == make_api.page(), "run: python docs/make_api.py"


def test_every_row_says_something():
    rows = [
        line for line in (MAKE_API.parent / "api.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert len(rows) > 300
    assert [row for row in rows if row.endswith("|  |")] == []
