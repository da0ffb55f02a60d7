"""Links to files outside docs/, such as [its code](../minigrad/ops/linear.py#fc_backward).

In a repository browser they lead to the file. On the site they lead to a page that shows it, at the line that defines
what stands after the #, if anything does: a name stays true when lines move. One that the file lacks is a warning.
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
from sphinx.util import logging

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
PAGES = {"README.md": "index", "CONTRIBUTING.md": "contributing"}  # what stands on the site as a page of its own


class LinksToFiles(SphinxTransform):
    """Turns them, before Sphinx looks for them among the pages and the downloads."""

    default_priority = 100

    def apply(self, **_: Any) -> None:
        found = [*self.document.findall(addnodes.pending_xref), *self.document.findall(addnodes.download_reference)]
        for node in found:
            if node.get("reftype") != "myst":
                continue
            file, _, name = node.get("reftarget", "").partition("#")
            if os.path.isabs(file):  # so MyST calls a page that lies outside docs/, and without its suffix
                file += ".md"
            elif not file.startswith("."):
                continue
            source = Path(self.env.doc2path(self.env.docname))
            path = Path(os.path.normpath(source.parent / file))
            if path.exists() and path.is_relative_to(ROOT) and not path.is_relative_to(self.env.srcdir):
                line = line_of(path, name) if name else None
                if name and line is None:
                    logger.warning("%s defines no %s.", path.relative_to(ROOT), name, location=node)
                node.replace_self(self._link(path, line, node.children))

    def _link(self, path: Path, line: int | None, children: list[nodes.Node]) -> nodes.reference:
        """A link to the page that shows a file or a folder."""
        place = path.relative_to(ROOT).as_posix()
        page = PAGES.get(place, f"repository/{place}")
        uri = self.app.builder.get_relative_uri(self.env.docname, page) + (f"#line-{line}" if line else "")
        return nodes.reference("", "", *children, internal=True, refuri=uri, repository=place)


def line_of(path: Path, name: str) -> int | None:
    """The line on which a Python file defines a function, a class or a variable; None if it does not."""
    for node in ast.parse(path.read_text("utf-8")).body:
        targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
        if getattr(node, "name", None) == name or name in [getattr(target, "id", None) for target in targets]:
            return node.lineno
    return None


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
