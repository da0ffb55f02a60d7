"""`{house}`: the picture of how the library is laid out, drawn from its code.

The floors are those of the import contract in pyproject.toml; the arrows are the imports that stand in the files, read
without running them. Below it a table says the same in words, and is all there is where Graphviz is not installed.
"""

from __future__ import annotations

import ast
import html
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import graphviz
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "minigrad"


class House(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        floors, arrows = read_floors(), read_arrows()
        return [nodes.raw("", picture(floors, arrows) + table(floors, arrows), format="html")]


def read_floors() -> list[list[str]]:
    """The rooms, floor by floor from the top, as the contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    return [[room.strip() for room in layer.replace(":", "|").split("|")] for layer in layers]


def read_arrows() -> dict[str, set[str]]:
    """For each room of the library, the other rooms that its files import."""
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    arrows = {room: set() for room in rooms - {"__init__"}}
    for room, reached in arrows.items():
        for file in files_of(room):
            reached.update(imported_rooms(ast.parse(file.read_text("utf-8"))) & rooms - {room})
    return arrows


def files_of(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]


def imported_rooms(tree: ast.AST) -> set[str]:
    """The first name after `minigrad` of whatever a file imports when it runs."""
    names: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "minigrad":
            names.update(f"minigrad.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.split(".")[1] for name in names if name.startswith("minigrad.")}


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING`, which only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node
            yield from _running(node)


def shortest(arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those that follow from two others: who imports `nn` stands on all that `nn` stands on."""

    def below(room: str) -> set[str]:
        return arrows[room].union(*map(below, arrows[room])) if arrows[room] else set()

    return {room: reached - set().union(*map(below, reached)) for room, reached in arrows.items()}


def picture(floors: list[list[str]], arrows: dict[str, set[str]]) -> str:
    """The picture as SVG, whose colours the site's style sheet gives. Empty where Graphviz is not installed."""
    graph = graphviz.Digraph(graph_attr={"nodesep": "0.25", "ranksep": "0.45", "bgcolor": "transparent"})
    graph.attr("node", shape="box", style="rounded", fontname="monospace", fontsize="14", height="0.4")
    graph.attr("edge", arrowsize="0.6")
    for number, floor in enumerate(floors):
        with graph.subgraph() as rank:
            rank.attr(rank="same")
            for room in floor:
                rank.node(room, tooltip=says(room))
        if number:  # unseen, so that the floors stand in their order
            graph.edge(floors[number - 1][0], floor[0], style="invis")
    for room, reached in sorted(shortest(arrows).items()):
        for other in sorted(reached):
            graph.edge(room, other)
    try:
        drawn = graph.pipe("svg", encoding="utf-8")
    except graphviz.ExecutableNotFound:
        return ""
    return f'<div class="house">{drawn[drawn.index("<svg") :]}</div>'


def table(floors: Iterable[list[str]], arrows: dict[str, set[str]]) -> str:
    rows = []
    for number, floor in enumerate(floors):
        for room in floor:
            reached = " ".join(f"<code>{other}</code>" for other in sorted(arrows[room])) or "nothing of ours"
            first = ' class="floor"' if number and room == floor[0] else ""
            cells = f"<td><code>{room}</code></td><td>{_marked(says(room))}</td><td>{reached}</td>"
            rows.append(f"<tr{first}>{cells}</tr>")
    head = "<tr><th>room</th><th>what it says of itself</th><th>imports</th></tr>"
    body = f'<table class="table house"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="pst-scrollable-table-container">{body}</div>'


def _marked(text: str) -> str:
    """HTML, with what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))


def says(room: str) -> str:
    """The first sentence of the room's docstring."""
    doc = ast.get_docstring(ast.parse(files_of(room)[0].read_text("utf-8"))) or ""
    return " ".join(doc.split("\n\n")[0].split())


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("house", House)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
