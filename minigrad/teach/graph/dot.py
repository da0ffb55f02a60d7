"""How a picture is written for Graphviz.

The colours serve on a white and on a dark page: shapes are filled, and what stands outside them is in a grey that can
be read on both. Blue, orange and violet differ for the colour-blind, too, and so do the shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.teach.graph.picture import Cluster, Edge, Node, Picture

if TYPE_CHECKING:  # where it is missing, `minigrad doctor` says so: the command line has to start without it
    from graphviz import Digraph

SANS, MONO = "Helvetica,Arial,sans-serif", "Menlo,Consolas,DejaVu Sans Mono,monospace"
INK, GREY, BOLD = "#1f2328", "#7a818a", "#d6006c"
LONGEST = 60  # letters of a line
ROOM = "\N{NO-BREAK SPACE}" * 12  # right of a frame's title, for arrows that come in from above

STYLES = {
    "input": {"shape": "ellipse", "fillcolor": "#d6e8fa", "color": "#2a6fbb"},
    "parameter": {"shape": "ellipse", "fillcolor": "#ffe3c2", "color": "#c8640c"},
    "constant": {"shape": "plaintext", "fillcolor": "#e4e7eb", "color": GREY, "margin": "0.06,0.03", "height": "0"},
    "result": {"shape": "ellipse", "fillcolor": "#ffffff", "color": "#57606a"},
    "op": {"shape": "box", "fillcolor": "#e9ecef", "color": "#57606a"},
    "module": {"shape": "box", "fillcolor": "#e6def5", "color": "#7a5bb5"},
    "stretch": {"shape": "box", "fillcolor": "#f6f8fa", "color": GREY},
}
LEGEND = {
    "input": ("●", "#5b9bd9", "input"),
    "parameter": ("●", "#e08a3c", "parameter"),
    "result": ("○", GREY, "named result"),
    "op": ("■", "#9aa3ad", "op"),
    "module": ("■", "#a78bd8", "module"),
}


def dot(picture: Picture, rankdir: str, dpi: int | None = None) -> Digraph:
    """The picture in Graphviz's language. dpi: the resolution of pixels, where there are any."""
    from graphviz import Digraph

    graph = Digraph(
        "graph",
        graph_attr={
            "rankdir": rankdir, "bgcolor": "transparent", "fontname": SANS, "fontsize": "11", "fontcolor": GREY,
            "label": _caption(picture), "labelloc": "b", "nodesep": "0.25", "ranksep": "0.35", "pad": "0.15",
        },
        node_attr={
            "fontname": SANS, "fontsize": "12", "fontcolor": INK, "style": "filled", "margin": "0.12,0.06",
            "height": "0.35", "width": "0.3",
        },
        edge_attr={"fontname": MONO, "fontsize": "9", "fontcolor": GREY, "color": GREY, "arrowsize": "0.7"},
    )  # fmt: skip
    if dpi is not None:
        graph.graph_attr["dpi"] = str(dpi)
    _write(graph, picture.whole, [0])
    for edge in picture.edges:
        _write_edge(graph, edge)
    return graph


def _write(graph: Digraph, cluster: Cluster, count: list[int]) -> None:
    for member in cluster.members:
        if isinstance(member, Node):
            _write_node(graph, member)
            continue
        count[0] += 1
        with graph.subgraph(name=f"cluster_{count[0]}") as inner:
            inner.attr(label=_text(member.label) + ROOM, labelloc="t", labeljust="l", style="rounded", color=GREY)
            _write(inner, member, count)


def _write_node(graph: Digraph, node: Node) -> None:
    from graphviz import nohtml

    style = dict(STYLES[node.kind])
    style["class"] = " ".join([node.kind, *(f"row-{row}" for row in node.rows)])
    if node.marked:
        style |= {"color": BOLD, "penwidth": "3"}
    if node.kind in ("op", "module"):
        style["style"] = "filled,rounded" if node.kind == "op" else "filled"
    label = nohtml("\\n".join(map(_text, node.lines)))
    graph.node(node.id, label, id=node.id, tooltip=_text(node.tooltip or node.lines[0]), **style)


def _write_edge(graph: Digraph, edge: Edge) -> None:
    names = [f"row-{source}-{user}-{k}" for source, user, k in edge.uses]
    style = {"color": BOLD, "penwidth": "2.5"} if edge.marked else {}
    if edge.is_main:
        style["weight"] = "4"
    if names:
        style |= {"id": names[0], "class": " ".join(names)}
    graph.edge(edge.tail, edge.head, f" {_text(edge.label)} " if edge.label else None, **style)


def _caption(picture: Picture) -> str:
    """What the shapes mean, and the picture's note, under it."""
    kinds = {node.kind for node in picture.nodes}
    legend = [
        f'<font color="{colour}">{glyph}</font>&#160;{name}'
        for kind, (glyph, colour, name) in LEGEND.items()
        if kind in kinds
    ]
    lines = [" &#160; ".join(legend)]
    if picture.note:
        lines.insert(0, picture.note)
    lines.insert(0, '<font point-size="5"> </font>')  # off the last node
    return f"<{'<br/>'.join(lines)}>"


def _text(text: str) -> str:
    """Text that Graphviz shows as it is, cut if it is very long. What is no letter is written as Python would."""
    from graphviz import escape

    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    if len(shown) > LONGEST:
        shown = shown[: LONGEST - 1] + "…"
    return escape(shown.replace("&", "&amp;"))
