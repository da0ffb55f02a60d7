"""Links to files outside docs/, such as [test_relu](../tests/minigrad/ops/test_elementwise.py).

In a repository browser they lead to the file. On the site they lead to a page that shows it; and if the link's text is
the name of a function or a class of that file, to its line, which no number in the link could follow through changes.
"""

from __future__ import annotations

import ast
import html
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).parents[2]
PAGES = {"README.md": "index", "CONTRIBUTING.md": "contributing"}  # what stands on the site as a page of its own


class LinksToFiles(SphinxTransform):
    """Turns them, before Sphinx looks for them among the pages and the downloads."""

    default_priority = 100

    def apply(self, **_: Any) -> None:
        found = [*self.document.findall(addnodes.pending_xref), *self.document.findall(addnodes.download_reference)]
        for node in found:
            target = node.get("reftarget", "")
            if node.get("reftype") != "myst" or not target.startswith("."):
                continue
            source = Path(self.env.doc2path(self.env.docname))
            path = Path(os.path.normpath(source.parent / target.partition("#")[0]))
            if path.exists() and path.is_relative_to(ROOT) and not path.is_relative_to(self.env.srcdir):
                link = link_to(self.app, self.env.docname, path, line_of(path, node.astext()))
                link += node.children
                node.replace_self(link)


def link_to(app: Sphinx, docname: str, path: Path, line: int | None = None) -> nodes.reference:
    """A link from a page to the page that shows a file or a folder of the repository."""
    place = path.relative_to(ROOT).as_posix()
    page = PAGES.get(place, f"repository/{place}")
    uri = app.builder.get_relative_uri(docname, page) + (f"#line-{line}" if line else "")
    return nodes.reference("", "", internal=True, refuri=uri, repository=place)


def line_of(path: Path, name: str) -> int | None:
    """The line on which a Python file defines `name`, or `name` of a class: "TestRelu.test_at_0". None if it does not."""
    if path.suffix != ".py":
        return None
    body = ast.parse(path.read_text("utf-8")).body
    line = None
    for part in name.split("."):
        found = next((one for one in body if getattr(one, "name", None) == part), None)
        if found is None:
            return None
        body, line = getattr(found, "body", []), found.lineno
    return line


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for every file that a page links to, and for those in a folder that one links to."""
    if app.builder.format != "html":
        return
    doctrees = map(app.env.get_doctree, app.env.found_docs)
    links = (node for doctree in doctrees for node in doctree.findall(nodes.reference))
    places = {ROOT / link["repository"] for link in links if "repository" in link} - {ROOT / name for name in PAGES}
    for folder in filter(Path.is_dir, list(places)):
        places.update(path for path in folder.iterdir() if _is_shown(path))
    for path in sorted(places):
        place = path.relative_to(ROOT).as_posix()
        body = listing(path) if path.is_dir() else highlighted(path)
        yield f"repository/{place}", {"title": place, "body": f"<h1>{html.escape(place)}</h1>\n{body}"}, "page.html"


def _is_shown(path: Path) -> bool:
    return path.is_file() and path.suffix in {".py", ".md", ".toml"}


def listing(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if _is_shown(path))
    return "<ul>" + "".join(f'<li><a href="{folder.name}/{name}.html">{name}</a></li>' for name in names) + "</ul>"


def highlighted(path: Path) -> str:
    """The text of a file, each line with an anchor: line-12."""
    try:
        lexer = get_lexer_for_filename(path.name)
    except ClassNotFound:
        lexer = TextLexer()
    return highlight(path.read_text("utf-8"), lexer, HtmlFormatter(linespans="line", cssclass="highlight repository"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(LinksToFiles)
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
