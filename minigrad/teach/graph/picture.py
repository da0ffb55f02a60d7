"""What is drawn: boxes for ops and closed modules, ovals for leaves and named results, and what flows between them.

A picture is plain data: nodes in clusters in clusters, and edges. `outline` has decided what stands for what; here it
gets its names, shapes, values and gradients.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.backend import Array, Number, to_host
from minigrad.tape import FREED, Record
from minigrad.teach.graph.outline import Outline, Part, walk
from minigrad.teach.rows import Row, Value

SMALL = 4  # elements: so many are shown as they are
SYMBOLS = {"add": "+", "mul": "*", "neg": "-"}
ORDERED = {"sub": "-", "div": "/", "matmul": "@", "pow": "**"}  # which argument is which matters


@dataclass
class Node:
    """One shape.

    kind: "input", "parameter", "constant", "result", "op", "module", or "stretch", ops that are left out. rows: those
    that it stands for.
    """

    id: str
    kind: str
    lines: list[str]
    rows: list[int]
    tooltip: str = ""
    marked: bool = False


@dataclass
class Edge:
    """One arrow. uses: what it stands for, each as (row that is used, row that uses it, as which argument)."""

    tail: str
    head: str
    label: str = ""
    uses: list[tuple[int, int, int]] = field(default_factory=list)
    marked: bool = False


@dataclass
class Cluster:
    """A frame around nodes and other frames."""

    label: str
    members: list[Node | Cluster] = field(default_factory=list)


@dataclass
class Picture:
    """All of it. note: what a reader must know about what is left out, "" for nothing."""

    whole: Cluster
    edges: list[Edge]
    note: str = ""

    @property
    def nodes(self) -> list[Node]:
        return list(_nodes(self.whole))


def _nodes(cluster: Cluster) -> Iterator[Node]:
    for member in cluster.members:
        if isinstance(member, Cluster):
            yield from _nodes(member)
        else:
            yield member


class Painter:
    """Makes a picture of rows along an outline.

    marked: the rows that are drawn boldly. kinds: the classes of modules by their paths, as far as they are known.
    """

    def __init__(
        self,
        outline: Outline,
        show_values: bool = True,
        show_grads: bool = True,
        marked: Collection[int] = (),
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self.outline, self.rows = outline, outline.rows
        self.show_values, self.show_grads = show_values, show_grads
        self.marked = set(marked)
        self.kinds = kinds or {}
        self.has_gradients = any(row.outputs[0].gradient is not None for row in self.rows if row.kind != "op")
        self.edges: dict[tuple, Edge] = {}
        self._boxes: dict[int, Part] = {}  # of each op that is drawn, or is in a box
        self._above: dict[int, tuple[Part, ...]] = {}  # of each such op, the open parts that it lies in
        self._members: dict[int, list[tuple[int, Node]]] = {}  # of an open part by its id, the ovals that lie in it
        self._inside: dict[int, list[Row]] = {}  # of a closed part by its id, the leaves that are not drawn
        self._leaves: dict[int, str] = {}  # the nodes of the leaves that are drawn
        for box, above in walk(outline.root):
            for row in box.rows:
                self._boxes[row], self._above[row] = box, above

    def picture(self) -> Picture:
        for index in self.outline.same:
            if self.rows[index].kind != "op":
                self._place_leaf(self.rows[index])
        ovals = self._place_results()
        for index in self.outline.same:
            if self.rows[index].kind == "op":
                self._connect(self.rows[index], ovals)
        return Picture(Cluster("", self._draw(self.outline.root, "")), list(self.edges.values()))

    # -- leaves --------------------------------------------------------------------------------------------------------

    def _place_leaf(self, row: Row) -> None:
        """Find the frame in which a leaf is drawn; one that only a closed module uses is not drawn if it is its own."""
        same = self.outline.same[row.index]
        users = [self.outline.first(user) for index in same for user in self.rows[index].users]
        boxes = [self._boxes[user] for user in users]
        home = self.outline.root
        if boxes and all(box is boxes[0] for box in boxes) and boxes[0].closed:
            box = boxes[0]
            if box.kind == "stretch" or self._belongs(row, box.path):
                self._inside.setdefault(id(box), []).append(row)
                return
        for part in _common([self._above[user] for user in users])[1:]:
            if not (len(same) > 1 if part.kind == "repeat" else self._belongs(row, part.path)):
                break
            home = part
        self._leaves[row.index] = f"row-{row.index}"
        self._members.setdefault(id(home), []).append((row.index, self._leaf(row, home)))

    def _belongs(self, row: Row, path: str) -> bool:
        """Whether a leaf that a module uses is its own: it is called so, or has no name and is not what came in."""
        if row.outputs[0].held:
            return row.outputs[0].name.startswith(f"{path}.")
        return row.kind == "parameter" or not any(
            argument.row == row.index for user in row.users for argument in self.rows[user].arguments[:1]
        )

    def _leaf(self, row: Row, home: Part) -> Node:
        value = row.outputs[0]
        names = [_within(self.rows[i].outputs[0].name, self._module(home)) for i in self.outline.same[row.index]]
        lines = self._texts(_range(names) if home.kind == "repeat" else names[0], row, 0)
        if value.shape and row.kind == "parameter":
            lines.insert(1, _shape(value.shape))
        tooltip = f"{row.kind} {value.name} {value.dtype} {value.shape}"
        return self._node(f"row-{row.index}", row.kind, lines, [row.index], tooltip)

    # -- results that have a name --------------------------------------------------------------------------------------

    def _place_results(self) -> dict[tuple[int, int], str]:
        """Draw ovals for results that a variable holds. Returns the oval of each value that has one."""
        ovals: dict[tuple[int, int], str] = {}
        for first, same in self.outline.same.items():
            for output in range(len(self.rows[first].outputs)) if self.rows[first].kind == "op" else ():
                named = [index for index in same if self._has_oval(self.rows[index], output)]
                for index in named[:1] if len(named) == len(same) else named:
                    all_of_them = same if len(named) == len(same) else [index]
                    name = f"row-{index}-out-{output}"
                    ovals |= {(each, output): name for each in all_of_them}
                    self._oval(name, index, output, all_of_them)
        return ovals

    def _has_oval(self, row: Row, output: int) -> bool:
        value, box = row.outputs[output], self._boxes[self.outline.first(row.index)]
        if not (value.held or (not row.module and _is_variable(value.name, row))):
            return False
        inside = [user for user in row.users if self._boxes[self.outline.first(user)] is box]
        return not box.closed or not row.users or len(inside) < len(row.users)

    def _oval(self, name: str, index: int, output: int, same: Sequence[int]) -> None:
        row, first = self.rows[index], self.outline.first(index)
        above = self._above[first]
        if len(same) == 1:
            users = [self._above[self.outline.first(user)] for user in row.users]
            above = _common([above, *users]) if users else above[:1]
            above = above[: next((i for i, part in enumerate(above) if part.kind == "repeat"), len(above))]
        home = above[-1]
        names = [_within(self.rows[i].outputs[output].name, self._module(home)) for i in same]
        lines = self._texts(_range(names), row, output)
        if not row.users and row.outputs[output].shape:
            lines.insert(1, _shape(row.outputs[output].shape))
        node = self._node(name, "result", lines, same, _line(row))
        node.rows = []  # the box stands for them
        self._members.setdefault(id(home), []).append((index, node))
        tail = self._box_name(self._boxes[first])
        self.edges[tail, name] = Edge(tail, name, "", marked=node.marked)

    # -- edges ---------------------------------------------------------------------------------------------------------

    def _connect(self, row: Row, ovals: Mapping[tuple[int, int], str]) -> None:
        box = self._boxes[row.index]
        head = self._box_name(box)
        used: dict[tuple[int, int], int] = {}  # how often this op uses a value
        for k, argument in enumerate(row.arguments):
            if argument.row is None:
                if not box.closed and isinstance(argument.constant, Number):
                    self._constant(row, k, argument.constant)
                continue
            source = self.rows[argument.row]
            first = self.outline.first(source.index)
            if source.kind != "op":
                tail = self._leaves.get(first, head)
            else:
                tail = ovals.get((source.index, argument.output), self._box_name(self._boxes[first]))
            if tail == head or (box.closed and source.kind == "op" and self._boxes[first] is box):
                continue
            value = (source.index, argument.output)
            used[value] = used.get(value, 0) + 1
            edge = self.edges.setdefault((tail, head, 1 if box.closed else used[value]), Edge(tail, head))
            label = "" if source.kind == "parameter" else _shape(source.outputs[argument.output].shape)
            if row.op in ORDERED:
                label = f"{argument.name} {label}".rstrip()
            edge.label = edge.label or label
            for index in self.outline.same[row.index]:
                given = self.rows[index].arguments[k].row
                assert given is not None  # wired as this one is
                edge.uses.append((given, index, k))
                edge.marked = edge.marked or index in self.marked

    def _constant(self, row: Row, k: int, constant: Any) -> None:
        name = f"row-{row.index}-constant-{k}"
        home = self._above[row.index][-1]
        self._members.setdefault(id(home), []).append((row.index, Node(name, "constant", [_number(constant)], [])))
        label = row.arguments[k].name if row.op in ORDERED else ""
        self.edges[name, k] = Edge(name, f"row-{row.index}", label, marked=row.index in self.marked)

    # -- boxes and frames ----------------------------------------------------------------------------------------------

    def _draw(self, part: Part, within: str) -> list[Node | Cluster]:
        """What lies in an open part, in the order of the forward pass."""
        ovals = sorted(self._members.get(id(part), []), key=lambda member: member[0])
        members: list[Node | Cluster] = []
        for inner in part.parts:
            while ovals and ovals[0][0] <= inner.rows[0]:
                members.append(ovals.pop(0)[1])
            members += self._frame(inner, within)
        return members + [node for _, node in ovals]

    def _frame(self, part: Part, within: str) -> list[Node | Cluster]:
        if part.kind == "op":
            return [self._op(self.rows[part.rows[0]], "")]
        if part.closed:
            return [self._closed(part, within)]
        is_alone = len(part.parts) == 1 and id(part) not in self._members
        inner = part.parts[0]
        if is_alone and part.kind == "module" and inner.kind == "op":
            return [self._op(self.rows[inner.rows[0]], self._title(part, within))]
        if is_alone and part.kind == "repeat":  # one frame says both
            frame = self._frame(inner, within)[0]
            if isinstance(frame, Cluster):
                frame.label += f"  ×{part.times}"
            else:
                frame.lines[0] += f"  ×{part.times}"
            return [frame]
        label = f"×{part.times}" if part.kind == "repeat" else self._title(part, within)
        return [Cluster(label, self._draw(part, within if part.kind == "repeat" else part.path))]

    def _op(self, row: Row, title: str) -> Node:
        lines = [_symbol(row)]
        if title:
            lines.append(title)
        value = row.outputs[0]
        if row.module and len(row.outputs) == 1 and not value.held and _is_variable(value.name, row):
            lines.append(f"→ {value.name}")
        if len(row.outputs) == 1 and not self._has_oval(row, 0):
            lines += [text for text in self._texts("", row, 0) if text]
        return self._node(f"row-{row.index}", "op", lines, self.outline.same[row.index], _line(row))

    def _closed(self, part: Part, within: str) -> Node:
        rows = [row for index in part.rows for row in self.outline.same[index]]
        ops = list(dict.fromkeys(self.rows[index].op for index in part.rows))
        many = f"{len(part.rows)} ops" if len(part.rows) > 1 else ""
        what = " · ".join(ops) if len(ops) <= 2 else many
        if part.kind == "stretch":
            return self._node(self._box_name(part), "stretch", [f"… {len(part.rows):,} ops …"], rows)
        sizes = [
            int(np.prod(leaf.outputs[0].shape)) for leaf in self._inside.get(id(part), []) if leaf.kind == "parameter"
        ]
        lines = [self._title(part, within), what if part.path not in self.kinds else ""]
        lines.append(f"{sum(sizes):,} parameters" if sizes else "")
        return self._node(self._box_name(part), "module", [line for line in lines if line], rows, part.path)

    def _title(self, part: Part, within: str) -> str:
        """A module's name in the module around it, and its class where that is known."""
        name, kind = _within(part.path, within), self.kinds.get(part.path, "")
        last = ".".join(part.last.split(".")[-name.count(".") - 1 :])
        return _range([name, last]) + (f": {kind}" if kind else "")

    def _box_name(self, part: Part) -> str:
        return f"box-{part.rows[0]}" if part.closed else f"row-{part.rows[0]}"

    def _module(self, home: Part) -> str:
        """The path of the module in whose frame an open part is drawn."""
        return home.path

    def _node(self, name: str, kind: str, lines: list[str], rows: Sequence[int], tooltip: str = "") -> Node:
        return Node(name, kind, lines, list(rows), tooltip, marked=not self.marked.isdisjoint(rows))

    # -- values and gradients ------------------------------------------------------------------------------------------

    def _texts(self, name: str, row: Row, output: int) -> list[str]:
        """The name with the value and the gradient, as far as they are wanted, known and small."""
        value = row.outputs[output]
        if len(self.outline.same[self.outline.first(row.index)]) > 1:
            return [name]  # they differ from block to block
        lines = [name]
        if self.show_values and value.array is not None and value.array.size <= SMALL:
            text = _numbers(value.array)
            if value.shape:
                lines.append(text)
            else:
                lines[0] = f"{name} = {text}" if name else f"= {text}"
        if self.show_grads:
            lines += self._gradient(row, value)
        return lines

    def _gradient(self, row: Row, value: Value) -> list[str]:
        if row.kind == "input" or value.dtype.kind != "f":
            return []
        if value.gradient is not None:
            size = float(np.linalg.norm(to_host(value.gradient).ravel().astype(np.float64)))
            return [f"grad {_numbers(value.gradient)}" if value.gradient.size <= SMALL else f"|grad| {size:.4g}"]
        record = row.node
        if isinstance(record, Record) and record.kept is None and (self.has_gradients or record.cache is FREED):
            return []  # it has had one, perhaps, but nobody kept it
        return ["grad —"]


def _common(chains: Sequence[tuple[Part, ...]]) -> tuple[Part, ...]:
    """The parts that all of several places lie in, from the outside inwards."""
    shared: list[Part] = []
    for parts in zip(*chains, strict=False):
        if any(part is not parts[0] for part in parts):
            break
        shared.append(parts[0])
    return tuple(shared)


def _is_variable(name: str, row: Row) -> bool:
    """Whether a result's name is that of a variable, and not an expression, or the op's or the module's."""
    return name not in (row.op, row.module) and re.fullmatch(r"[^\W\d][\w.]*(\[[^\[\]]*\])*", name) is not None


def _line(row: Row) -> str:
    return row.node.line if isinstance(row.node, Record) else ""


def _within(name: str, path: str) -> str:
    """What something is called inside a module: `net.fc1.weight` is `weight` in `net.fc1`."""
    return name.removeprefix(f"{path}.") if path else name


def _range(names: Sequence[str]) -> str:
    """`0`, or `0 … 11`."""
    return names[0] if names[0] == names[-1] else f"{names[0]} … {names[-1]}"


def _symbol(row: Row) -> str:
    """An operator as it is written in Python, any other op by its name."""
    if row.op in ORDERED and len(row.arguments) == 2:
        return f"{row.arguments[0].name} {ORDERED[row.op]} {row.arguments[1].name}"
    return SYMBOLS.get(row.op, row.op)


def _shape(shape: tuple[int, ...]) -> str:
    """A shape as Python writes it; nothing for a number."""
    return str(shape) if shape else ""


def _numbers(array: Array) -> str:
    """A few numbers in one line."""
    nested = to_host(array).tolist()
    return _list(nested)


def _list(nested: Any) -> str:
    return f"[{', '.join(map(_list, nested))}]" if isinstance(nested, list) else _number(nested)


def _number(number: Any) -> str:
    return f"{number:.4g}" if isinstance(number, float) else str(number)
