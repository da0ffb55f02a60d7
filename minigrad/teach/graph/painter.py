"""What is drawn: boxes for ops and closed modules, ovals for leaves and named results, and what flows between them.

`outline` has decided what stands for what; here it gets its names, shapes, values and gradients.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from minigrad.backend import Number
from minigrad.tape import FREED, Record
from minigrad.teach.graph.outline import Outline, Part, walk
from minigrad.teach.graph.picture import Cluster, Edge, Node, Picture
from minigrad.teach.graph.words import inside, is_variable, line, needs_order, number, numbers, shape, span, symbol
from minigrad.teach.rows import Row, Value

SMALL = 4  # elements: so many are shown as they are


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
        self._members: dict[int, list[tuple[float, Node]]] = {}  # of an open part by its id
        self._inside: dict[int, list[Row]] = {}  # of a closed part by its id, the leaves that are not drawn
        self._leaves: dict[int, str] = {}  # of the leaves that are drawn, their nodes
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
        """Whether a leaf that a module uses is its own: it is called so, or it is not what is given to the module.

        That is an op's first argument, or an input that a variable holds, such as labels.
        """
        value = row.outputs[0]
        if value.held and (row.kind == "input" or value.name.startswith(f"{path}.")):
            return value.name.startswith(f"{path}.")
        is_first = any(argument.row == row.index for user in row.users for argument in self.rows[user].arguments[:1])
        return not is_first or (row.kind == "parameter" and not value.held)

    def _leaf(self, row: Row, home: Part) -> Node:
        value = row.outputs[0]
        names = [inside(self.rows[i].outputs[0].name, home.path) for i in self.outline.same[row.index]]
        lines = self._texts(span(names), row, 0)
        if value.shape and row.kind == "parameter":
            lines.insert(1, shape(value.shape))
        tooltip = f"{row.kind} {value.name} {value.dtype} {value.shape}"
        return self._node(f"row-{row.index}", row.kind, lines, self.outline.same[row.index], tooltip)

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
        if not (value.held or (not row.module and is_variable(value.name, row))):
            return False
        leaves_box = any(self._boxes[self.outline.first(user)] is not box for user in row.users)
        return not box.closed or not row.users or leaves_box

    def _oval(self, name: str, index: int, output: int, same: Sequence[int]) -> None:
        row, first = self.rows[index], self.outline.first(index)
        above = self._above[first]
        if len(same) == 1:
            users = [self._above[self.outline.first(user)] for user in row.users]
            above = _common([above, *users]) if users else above[:1]
            above = above[: next((i for i, part in enumerate(above) if part.kind == "repeat"), len(above))]
        home = above[-1]
        names = [inside(self.rows[i].outputs[output].name, home.path) for i in same]
        lines = self._texts(span(names), row, output)
        if not row.users and row.outputs[output].shape:
            lines.insert(1, shape(row.outputs[output].shape))
        node = self._node(name, "result", lines, same, line(row))
        node.rows = []  # the box stands for them
        self._members.setdefault(id(home), []).append((index + 0.5, node))  # right after its op
        tail = self._box_name(self._boxes[first])
        self.edges[tail, name] = Edge(tail, name, marked=node.marked)

    # -- edges ---------------------------------------------------------------------------------------------------------

    def _connect(self, row: Row, ovals: Mapping[tuple[int, int], str]) -> None:
        """Draw the arrows into an op: one for each use of a value, or one from each node if it is in a closed box."""
        box, same = self._boxes[row.index], self.outline.same[row.index]
        head = self._box_name(box)
        places: dict[tuple[str, int], list[int]] = {}  # of the arguments that one arrow brings
        used: Counter[int] = Counter()  # of each row, which may give several values
        for k, argument in enumerate(row.arguments):
            if argument.row is None:
                if not box.closed and isinstance(argument.constant, Number):
                    self._constant(row, k, argument.constant)
                continue
            value = (argument.row, argument.output)
            used[argument.row] += 1
            tail = self._tail(value, box, ovals)
            if tail is not None:
                places.setdefault((tail, 1 if box.closed else used[argument.row]), []).append(k)
        for (tail, copy), brought in places.items():
            edge = self.edges.setdefault((tail, head, copy), self._edge(row, tail, head, brought))
            for index in same:
                arguments = self.rows[index].arguments
                edge.uses += [(source, index, k) for k in brought if (source := arguments[k].row) is not None]
            edge.marked = edge.marked or not self.marked.isdisjoint(same)

    def _tail(self, value: tuple[int, int], box: Part, ovals: Mapping[tuple[int, int], str]) -> str | None:
        """The node that a value comes from; None where that is the box that uses it."""
        first = self.outline.first(value[0])
        if self.rows[first].kind != "op":
            return self._leaves.get(first)
        return None if self._boxes[first] is box else ovals.get(value, self._box_name(self._boxes[first]))

    def _edge(self, row: Row, tail: str, head: str, places: Sequence[int]) -> Edge:
        argument = row.arguments[places[0]]
        assert argument.row is not None  # that is where it comes from
        source = self.rows[argument.row]
        sources = len({row.arguments[k].row for k in places})
        says = [
            argument.name if needs_order(row) and not self._boxes[row.index].closed else "",
            shape(source.outputs[argument.output].shape) if source.kind != "parameter" else "",
            f"×{sources}" if sources > 1 else "",
        ]
        return Edge(tail, head, " ".join(filter(None, says)), is_main=source.kind != "parameter")

    def _constant(self, row: Row, k: int, constant: Any) -> None:
        name = f"row-{row.index}-constant-{k}"
        home = self._above[row.index][-1]
        self._members.setdefault(id(home), []).append((row.index, Node(name, "constant", [number(constant)], [])))
        label = row.arguments[k].name if needs_order(row) else ""
        self.edges[name, k] = Edge(name, f"row-{row.index}", label, False, marked=row.index in self.marked)

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
        lines = [symbol(row)]
        if title:
            lines.append(title)
        value = row.outputs[0]
        if row.module and len(row.outputs) == 1 and not value.held and is_variable(value.name, row):
            lines.append(f"→ {value.name}")
        if len(row.outputs) == 1 and not self._has_oval(row, 0):
            lines += [text for text in self._texts("", row, 0) if text]
        return self._node(f"row-{row.index}", "op", lines, self.outline.same[row.index], line(row))

    def _closed(self, part: Part, within: str) -> Node:
        leaves = self._inside.get(id(part), [])
        drawn = {self.outline.first(row) for row in [*part.rows, *(leaf.index for leaf in leaves)]}
        rows = sorted(row for first in drawn for row in self.outline.same[first])
        name = self._box_name(part)
        if part.kind == "stretch":
            return self._node(name, "stretch", [f"… {len(part.rows):,} ops …"], rows)
        lines = [self._title(part, within)]
        if part.path not in self.kinds:
            ops = list(dict.fromkeys(self.rows[index].op for index in part.rows))
            lines.append(" · ".join(ops) if len(ops) <= 2 else f"{len(part.rows)} ops")
        size = sum(math.prod(leaf.outputs[0].shape) for leaf in leaves if leaf.kind == "parameter")
        if size:
            lines.append(f"{size:,} parameters")
        return self._node(name, "module", lines, rows, part.path)

    def _title(self, part: Part, within: str) -> str:
        """A module's name in the module around it, and its class where that is known."""
        name, kind = inside(part.path, within), self.kinds.get(part.path, "")
        last = ".".join(part.last.split(".")[-name.count(".") - 1 :])
        return span([name, last]) + (f": {kind}" if kind else "")

    def _box_name(self, part: Part) -> str:
        return f"box-{part.rows[0]}" if part.closed else f"row-{part.rows[0]}"

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
            text = numbers(value.array)
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
            if value.gradient.size <= SMALL:
                return [f"grad {numbers(value.gradient)}"]
            return [f"|grad| {float((value.gradient.astype('float64') ** 2).sum() ** 0.5):.4g}"]
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
