"""What a page offers as a notebook is one, in words that Jupyter understands."""

import pytest

pytest.importorskip("sphinx", reason="needs Sphinx, of the extra docs")
pytest.importorskip("jupytext", reason="needs jupytext, of the extra docs")

import nbformat
from extensions import notebooks

from tests.docs.conftest import DOCS

NOTEBOOKS = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts and notebooks.is_notebook(path)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_can_be_downloaded(path):
    for notebook in notebooks.versions(path).values():
        nbformat.validate(notebook)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert any(cell.cell_type == "code" for cell in notebook.cells)
        assert not any(cell.get("outputs") for cell in notebook.cells)
        assert "{dropdown}" not in text and "{code-cell}" not in text


def test_a_page_of_text_is_no_notebook():
    assert not notebooks.is_notebook(DOCS / "stepper.md")
    assert DOCS / "how-to" / "hooks.md" in NOTEBOOKS


def test_dropdowns_fold_notes_are_quotations_and_links_to_pages_are_text():
    text = ":::{dropdown} Answer\n:open:\nIt is [3](a.md#b).\n:::\n\n:::{note}\nOne.\n\nTwo.\n:::\nSee [x](https://x.org).\n"
    assert notebooks.as_jupyter_reads_it(text) == (
        "<details><summary>Answer</summary>\n\nIt is 3.\n\n</details>\n\n"
        "> **Note**\n>\n> One.\n>\n> Two.\nSee [x](https://x.org).\n"
    )


def test_in_a_list_they_stay_in_their_item():
    text = "1. Why?\n\n   :::{dropdown} Answer\n   So.\n   :::\n\n   :::{tip} Look\n   There.\n   :::\n"
    assert notebooks.as_jupyter_reads_it(text) == (
        "1. Why?\n\n   <details><summary>Answer</summary>\n\n   So.\n\n   </details>\n\n"
        "   > **Look**\n   >\n   > There.\n"
    )


def test_notebooks_are_spread_over_those_who_share_the_pages():
    names = [f"{n:02}" for n in range(40)]
    rows = [names[i : i + 10] for i in range(0, 40, 10)]
    spread = [*reversed(names)]
    notebooks.spread(None, None, spread)
    assert sorted(spread) == names
    for row in [spread[i : i + 10] for i in range(0, 40, 10)]:
        assert all(len(set(row) & set(neighbours)) <= 3 for neighbours in rows)
