"""A notebook with its solutions is run, and every check in it must say that all is right."""

from __future__ import annotations

import tempfile

import nbformat
from nbclient import NotebookClient

CHECK = "check("
SECONDS = 120  # a cell


class WrongSolution(Exception):
    """A check is not content with a solution."""


def run(notebook: nbformat.NotebookNode) -> None:
    """Run its cells; their results are in it then. Raises WrongSolution if one of its checks finds something wrong."""
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # at which second it ran
    # At the last check of a task all of it is there; the same check may stand above, where a part is still to come.
    last = {cell.source: said(cell) for cell in notebook.cells if is_check(cell)}
    wrong = [text for text in last.values() if ": right, " not in text.partition("\n")[0]]
    if wrong:
        raise WrongSolution("\n".join(wrong))


def is_check(cell: nbformat.NotebookNode) -> bool:
    """Whether the cell asks for what is right, and shows it."""
    return cell.cell_type == "code" and cell.source.startswith(CHECK)


def said(cell: nbformat.NotebookNode) -> str:
    """The text of its result."""
    return "\n".join(one["data"]["text/plain"] for one in cell.outputs if one.output_type == "execute_result")
