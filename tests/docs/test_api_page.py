"""The page of all functions is what the table and the docstrings say now."""

import make_api


def test_the_page_is_up_to_date():
    assert make_api.PAGE.read_text(encoding="utf-8") == make_api.page(), "run: python docs/make_api.py"


def test_every_row_says_something():
    rows = [line for line in make_api.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) > 300
    assert [row for row in rows if row.endswith("|  |")] == []
