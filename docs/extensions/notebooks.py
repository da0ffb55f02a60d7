"""Every page that is a notebook can be downloaded as one: a link under its title, to a file that the build writes.

The file has the cells without their results, for its reader to run. What only Sphinx understands is put as Jupyter
does: a dropdown folds there, too, a note is a quotation, and a link to another page is its text alone.

What stands between solution markers (`minigrad.exercises.markers`) is on no page: there is what a student gets. Such a
page has two links, the second to the notebook with its solutions, and their results.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import jupytext
import nbformat
from docutils import nodes
from sphinx.application import Sphinx

from extensions.solutions import run
from minigrad.exercises.markers import has_solution, solved, strip

_OPEN, _UNTIL_CLOSED = r"^(?P<indent> *)(?P<fence>:{3,}|`{3,})", r"(?P<body>[\s\S]*?)^(?P=indent)(?P=fence) *$"
_OPTIONS = r"(?:^ *:[\w-]+:.*\n)*\n*"
_DROPDOWN = re.compile(rf"{_OPEN}\{{dropdown\}} *(?P<title>.*)\n{_OPTIONS}{_UNTIL_CLOSED}", re.MULTILINE)
_KINDS = "note|tip|important|warning|hint|admonition"
_ADMONITION = re.compile(rf"{_OPEN}\{{(?P<kind>{_KINDS})\}} *(?P<title>.*)\n{_OPTIONS}{_UNTIL_CLOSED}", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!https?://)[^)\s]*\)")


def is_notebook(path: Path) -> bool:
    return path.suffix == ".md" and path.read_text("utf-8").startswith("---\njupytext:\n")


def notebook_of(text: str) -> nbformat.NotebookNode:
    """A page's text as a notebook for Jupyter."""
    notebook = jupytext.reads(text, fmt="md:myst")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = as_jupyter_reads_it(cell.source)
    notebook.metadata.pop("jupytext", None)  # it is no longer a text that stands for one
    return notebook


STUDENT, SOLVED = "student", "solved"
LINKS = {"": "Download this notebook", STUDENT: "Download this notebook", SOLVED: "with its solutions"}


def versions(path: Path) -> dict[str, nbformat.NotebookNode]:
    """The notebooks that a page offers: one; or, of a page with solutions, "student" and "solved", not yet run."""
    text = path.read_text("utf-8")
    if not has_solution(text):
        return {"": notebook_of(text)}
    return {STUDENT: notebook_of(strip(text)), SOLVED: notebook_of(solved(text))}


def file_name(stem: str, version: str) -> str:
    return f"{stem}-{version}.ipynb" if version else f"{stem}.ipynb"


def as_jupyter_reads_it(text: str) -> str:
    text = _DROPDOWN.sub(r"\g<indent><details><summary>\g<title></summary>\n\n\g<body>\n\g<indent></details>", text)
    text = _ADMONITION.sub(_quotation, text)
    return _LINK.sub(r"\1", text)


def _quotation(found: re.Match[str]) -> str:
    title = found["title"] or found["kind"].capitalize()
    lines = [f"**{title}**", "", *textwrap.dedent(found["body"]).strip().splitlines()]
    return "\n".join(f"{found['indent']}> {line}".rstrip() for line in lines)


def without_solutions(app: Sphinx, docname: str, source: list[str]) -> None:
    if is_notebook(Path(app.env.doc2path(docname))):
        source[0] = strip(source[0])


def add_links(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    path = Path(app.env.doc2path(docname))
    title = next(doctree.findall(nodes.title), None)
    if title is not None and docname != "index" and is_notebook(path):
        links = " · ".join(
            f'<a href="{file_name(path.stem, version)}" download>{LINKS[version]}</a>' for version in versions(path)
        )
        link = f'<p class="download-notebook">{links}</p>'
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", link, format="html"))


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for docname in app.env.found_docs - {"index"}:
            path = Path(app.env.doc2path(docname))
            if is_notebook(path):
                write_versions(path, Path(app.outdir, docname).parent)


def write_versions(path: Path, folder: Path) -> list[Path]:
    """Write the notebooks that a page offers into a folder. One with solutions is run, and must be all right."""
    written = []
    for version, notebook in versions(path).items():
        if version == SOLVED:
            run(notebook)
        written.append(folder / file_name(path.stem, version))
        jupytext.write(notebook, written[-1])
    return written


def spread(app: Sphinx, env: object, docnames: list[str]) -> None:
    """Processes that share the pages take ten in a row at a time: let no row be ten notebooks."""
    rows = max(1, len(docnames) // 10)
    docnames[:] = [name for first in range(rows) for name in sorted(docnames)[first::rows]]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", without_solutions)
    app.connect("doctree-read", add_links)
    app.connect("env-before-read-docs", spread)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
