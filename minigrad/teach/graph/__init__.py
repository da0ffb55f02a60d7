"""`mg.graph(loss)`, `mg.graph(net, x)`: a picture of what was computed, and from what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from minigrad.nn.module import Module
from minigrad.tape import Output, users_frame
from minigrad.teach.graph.drawing import Graph, NoGraphviz
from minigrad.teach.graph.outline import Outline
from minigrad.teach.graph.painter import Painter
from minigrad.teach.graph.picture import Picture
from minigrad.teach.graph.reading import rows_of_module, rows_of_tensors
from minigrad.teach.names import scopes_at
from minigrad.teach.rows import Row
from minigrad.tensor import Tensor

__all__ = ["Graph", "NoGraphviz", "graph", "graph_of_rows", "rows_of_tensors"]

MOST = 300  # nodes that anyone can still read
ENDS = 20  # ops at the beginning and at the end, where what is between has to be left out
DIRECTIONS = ("TB", "BT", "LR", "RL")


def graph(
    of: Tensor | Sequence[Tensor] | Module,
    *example_inputs: Any,
    depth: int | None = None,
    show_values: bool = True,
    show_grads: bool | None = None,
    highlight: Any = (),
    roll: bool = True,
    rankdir: str = "TB",
) -> Graph:
    """A picture of the graph behind `of`: a Tensor such as a loss, several, or a Module and what it is to be run on.

    Boxes are ops, ovals are tensors: inputs, parameters, and results that a variable holds. An arrow says the shape of
    what flows along it (numbers have none), and `a * a` has two. Modules are frames, and blocks that repeat are drawn
    once. Nothing is changed by it: a module is run once and left as it was, gradients and the graph stay.

    depth: modules deeper than that are one box each; 0 makes a box of the whole network.
    show_values, show_grads: whether the nodes say them, where they are small enough. A gradient that has not been
        computed is "—". Those of results are known only under `with mg.Tape():`, or after `retain_grad()`. By default
        the gradients of a module's run, which has none, are not shown.
    highlight: what is drawn boldly: a Tensor, the index of a row of the forward pass, or several of them.
    roll: False draws all blocks that repeat.
    rankdir: "TB" from top to bottom, "LR" from left to right, "BT", "RL".

    A picture of more than 300 nodes is made smaller, module by module, and says so in its `note`.
    """
    scopes = scopes_at(users_frame())
    if isinstance(of, Module):
        rows, kinds = rows_of_module(of, example_inputs, scopes)
    else:
        ends = [of] if isinstance(of, Tensor) else of
        if not (isinstance(ends, (list, tuple)) and ends and all(isinstance(end, Tensor) for end in ends)):
            raise TypeError(f"graph: expected a Tensor, several, or a Module, got {_kind(of)}.")
        if example_inputs:
            raise TypeError("graph: example inputs are for a Module; a Tensor has been computed already.")
        rows, kinds = rows_of_tensors(ends, scopes), {}
    return graph_of_rows(
        rows,
        depth=depth,
        show_values=show_values,
        show_grads=not isinstance(of, Module) if show_grads is None else show_grads,
        highlight=highlight,
        roll=roll,
        rankdir=rankdir,
        kinds=kinds,
    )


def graph_of_rows(
    rows: Sequence[Row],
    *,
    depth: int | None = None,
    show_values: bool = True,
    show_grads: bool = True,
    highlight: Any = (),
    roll: bool = True,
    rankdir: str = "TB",
    kinds: dict[str, str] | None = None,
) -> Graph:
    """The same for the rows of `minigrad.teach.rows.read`. kinds: classes of modules by their paths, to be shown.

    In the SVG the node of row 3 has the id `row-3`, and each node the classes `row-3 row-7` of all rows that it stands
    for; the arrow from row 3 to argument 1 of row 7 has the id, or among several the class, `row-3-7-1`. The oval of
    output 0 of row 3 has the id `row-3-out-0`.
    """
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise ValueError(f"graph: depth is a number of modules, 0 or more, or None, got {depth!r}.")
    if rankdir not in DIRECTIONS:
        raise ValueError(f"graph: rankdir is one of {', '.join(DIRECTIONS)}, got {rankdir!r}.")
    marked = _rows_of(highlight, rows)

    def draw(outline: Outline) -> Picture:
        return Painter(outline, show_values, show_grads, marked, kinds).picture()

    picture = draw(Outline(rows, depth, roll))
    count = len(picture.nodes)
    deepest = max(row.module.count(".") + bool(row.module) for row in rows)
    allowed = deepest if depth is None else min(depth, deepest)
    while len(picture.nodes) > MOST and allowed > 0:
        allowed -= 1
        picture = draw(Outline(rows, allowed))
        picture.note = f"{count:,} nodes are too many to read: modules deeper than depth {allowed} are one box each."
    if len(picture.nodes) > MOST:
        outline = Outline(rows, allowed)
        if len(outline.root.parts) > 2 * ENDS:
            outline.keep_ends(ENDS)
            picture = draw(outline)
            picture.note = f"{count:,} nodes are too many to read: those in the middle are left out."
    return Graph(picture, rankdir)


def _rows_of(highlight: Any, rows: Sequence[Row]) -> set[int]:
    """The rows that are meant by indices and tensors."""
    several = (
        highlight if isinstance(highlight, Collection) and not isinstance(highlight, (str, Tensor)) else [highlight]
    )
    return {_row_of(one, rows) for one in several}


def _row_of(one: Any, rows: Sequence[Row]) -> int:
    if isinstance(one, Tensor):
        node = one.node.record if isinstance(one.node, Output) else one.node
        found: Iterable[int] = (row.index for row in rows if row.node is node)
        index = next(iter(found), None)
        if index is None:
            raise ValueError(f"graph: highlight has a tensor (shape {one.shape}) that is not in this graph.")
        return index
    if not isinstance(one, int) or isinstance(one, bool):
        raise TypeError(f"graph: highlight takes Tensors and indices of rows, got {_kind(one)}.")
    if not 0 <= one < len(rows):
        raise ValueError(f"graph: highlight expects a row from 0 to {len(rows) - 1}, got {one}.")
    return one


def _kind(thing: Any) -> str:
    is_empty = isinstance(thing, (list, tuple)) and not thing
    return f"an empty {type(thing).__name__}" if is_empty else type(thing).__name__
