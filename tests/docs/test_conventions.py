"""Every convention is held by a test that is there."""

import ast
import re

from tests.docs.conftest import DOCS

ROWS = [line for line in (DOCS / "conventions.md").read_text("utf-8").splitlines() if line.startswith("| ")]
CONVENTIONS = [row for row in ROWS if not row.startswith("| where | what is done")]
LINK = re.compile(r"\[test\]\((\.\./tests/[\w/]+\.py)#(\w+)\)")


def test_every_row_names_its_tests():
    assert len(CONVENTIONS) > 30
    assert [row for row in CONVENTIONS if not LINK.search(row.rsplit("|", 2)[1])] == []


def test_the_tests_are_there():
    for file, name in [link for row in CONVENTIONS for link in LINK.findall(row)]:
        tree = ast.parse((DOCS / file).read_text("utf-8"))
        assert name.startswith("test_")
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file} has no {name}"
