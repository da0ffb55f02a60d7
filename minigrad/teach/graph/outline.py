"""How a forward pass hangs together: modules inside modules, blocks that repeat, and what is left out of the picture.

The tape is a flat list, in which each op knows the path of its module. Ops that follow one another with the same path
are one run of that module, so the list becomes a tree. In the tree, neighbours that are alike and wired alike are one
block that repeats: only the first is drawn, and stands for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.teach.rows import Row

FEWEST, SAVED = 3, 6  # a block repeats if it is there so often, and rolling it up leaves out so many boxes
LONGEST = 64  # parts of a block that repeats


@dataclass
class Part:
    """An op, a module's run with the parts in it, a block that repeats, or a stretch of ops that is left out.

    kind: "op", "module", "repeat", "stretch". path: of the module; last: of the last one that it stands for.
    rows: the ops in it. closed: what is in it is not drawn. times: how often it is there.
    """

    kind: str
    path: str
    rows: list[int]
    parts: list[Part] = field(default_factory=list)
    closed: bool = False
    times: int = 1
    last: str = ""

    def drawn_ops(self) -> list[int]:
        """The ops in it that are not left out by rolling."""
        return [row for part in self.parts for row in part.drawn_ops()] if self.parts else self.rows


class Outline:
    """The tree, and for each row that is rolled onto another which that is.

    depth: modules deeper than that are closed; None: none. roll: whether blocks that repeat are drawn once.
    """

    def __init__(self, rows: Sequence[Row], depth: int | None = None, roll: bool = True) -> None:
        self.rows = rows
        self.root = Part("module", "", [])
        self._onto: dict[int, int] = {}
        self._kinds: dict[Any, int] = {}  # a number for each kind of part
        for row in rows:
            if row.kind == "op":
                self._enter(row)
        if depth is not None:
            _close(self.root, depth)
        if roll:
            self._roll(self.root)
            for row in rows:
                self._roll_leaves(row)
        self.same: dict[int, list[int]] = {}
        for row in rows:
            self.same.setdefault(self.first(row.index), []).append(row.index)

    def first(self, row: int) -> int:
        """The row that is drawn for this one."""
        while row in self._onto:
            row = self._onto[row]
        return row

    def keep_ends(self, parts: int) -> None:
        """Leave out what is between the first and the last `parts` parts."""
        before, between, after = self.root.parts[:parts], self.root.parts[parts:-parts], self.root.parts[-parts:]
        left_out = Part("stretch", "", [row for part in between for row in part.rows], between, closed=True)
        self.root.parts = [*before, left_out, *after]

    def _enter(self, row: Row) -> None:
        """Put an op at the end of the run of its module, or begin one."""
        part, path = self.root, ""
        for name in row.module.split(".") if row.module else ():
            path = f"{path}.{name}" if path else name
            if not (part.parts and part.parts[-1].kind == "module" and part.parts[-1].path == path):
                part.parts.append(Part("module", path, [], last=path))
            part.rows.append(row.index)
            part = part.parts[-1]
        part.rows.append(row.index)
        part.parts.append(Part("op", path, [row.index]))

    # -- what repeats --------------------------------------------------------------------------------------------------

    def _roll(self, part: Part) -> None:
        if part.closed:
            return
        kinds = [self._kind(inner) for inner in part.parts]
        parts: list[Part] = []
        i = 0
        while i < len(part.parts):
            length, times = self._repeats(part.parts, kinds, i)
            block = part.parts[i : i + length]
            if times > 1:
                for j in range(1, times):
                    self._roll_onto(block, part.parts[i + j * length : i + (j + 1) * length])
                rows = [row for inner in part.parts[i : i + times * length] for row in inner.rows]
                block = [Part("repeat", part.path, rows, block, times=times)]
            parts += block
            i += length * times
        part.parts = parts
        for inner in parts:
            self._roll(inner)

    def _repeats(self, parts: Sequence[Part], kinds: Sequence[int], i: int) -> tuple[int, int]:
        """The block at `i` that, with its repetitions, covers most: its length, and how often it is there."""
        best = (1, 1)
        for length in range(1, min(LONGEST, (len(parts) - i) // FEWEST) + 1):
            if kinds[i : i + length] != kinds[i + length : i + 2 * length] or (best[1] > 1 and length % best[0] == 0):
                continue
            times = self._times(parts, kinds, i, length)
            if times >= FEWEST and times * length > best[0] * best[1]:
                saved = (times - 1) * sum(map(_boxes, parts[i : i + length]))
                best = (length, times) if saved >= SAVED else best
        return best

    def _times(self, parts: Sequence[Part], kinds: Sequence[int], i: int, length: int) -> int:
        """How many blocks of this length there are from `i` on which are of the same kinds and wired alike."""
        blocks: list[dict[int, int]] = []  # of each block, the ops with their places in it
        for start in range(i, len(parts) - length + 1, length):
            if kinds[start : start + length] != kinds[i : i + length]:
                break
            ops = [row for part in parts[start : start + length] for row in part.drawn_ops()]
            blocks.append({row: place for place, row in enumerate(ops)})
            if len(blocks) > 1 and not self._wired_alike(blocks):
                return len(blocks) - 1
        return len(blocks)

    def _kind(self, part: Part) -> int:
        """Parts that look alike have the same: ops and modules of the same name but for numbers, shapes, constants."""
        if part.kind == "op":
            row = self.rows[part.rows[0]]
            given = [
                repr(argument.constant) if argument.row is None else self._shape(argument.row, argument.output)
                for argument in row.arguments
            ]
            name = "" if row.module else row.outputs[0].name  # a variable is more than its op
            seen: Any = (row.op, _plain(name), *given, *(value.shape for value in row.outputs))
        else:
            seen = (_plain(part.path.rpartition(".")[2]), part.closed, *(self._kind(inner) for inner in part.parts))
        return self._kinds.setdefault(seen, len(self._kinds))

    def _shape(self, row: int, output: int) -> tuple[int, ...]:
        return self.rows[row].outputs[output].shape

    def _wired_alike(self, blocks: Sequence[dict[int, int]]) -> bool:
        """Whether the last block uses the one before, itself, and what was there earlier, as the one before does."""
        own: dict[int, int] = {}
        return all(
            now.output == then.output and self._same_source(now.row, then.row, blocks, own)
            for row, before in zip(blocks[-1], blocks[-2], strict=True)
            for now, then in zip(self.rows[row].arguments, self.rows[before].arguments, strict=True)
        )

    def _same_source(self, now: Any, then: Any, blocks: Sequence[dict[int, int]], own: dict[int, int]) -> bool:
        """Whether row `now` is to the last block what `then` is to the one before it."""
        here, before = blocks[-1], blocks[-2]
        if now is None or then is None:
            return now is then
        if now in here:
            return before.get(then) == here[now]
        if now in before:  # handed on from block to block, and to the first one from outside
            return then not in before if len(blocks) == 2 else blocks[-3].get(then) == before[now]
        leaf, its = self.rows[now], self.rows[then]
        if now == then:
            return leaf.kind != "op" or now < min(blocks[0])
        if leaf.kind == "op" or leaf.kind != its.kind:
            return False
        are_own = all(user in here for user in leaf.users) and all(user in before for user in its.users)
        return are_own and own.setdefault(then, now) == now

    def _roll_onto(self, block: Sequence[Part], later: Sequence[Part]) -> None:
        """Let the first block stand for a later one: its ops, and the leaves that only one block uses."""
        for part, other in zip(block, later, strict=True):
            _note_last(part, other)
            for one, two in zip(part.drawn_ops(), other.drawn_ops(), strict=True):
                self._onto[two] = one
                for mine, its in zip(self.rows[one].arguments, self.rows[two].arguments, strict=True):
                    if its.row is not None and its.row != mine.row and self.rows[its.row].kind != "op":
                        assert mine.row is not None  # they are wired alike
                        self._onto[its.row] = mine.row

    def _roll_leaves(self, row: Row) -> None:
        """Let the first of many leaves of one kind that only this op uses stand for the others: `cat(a hundred)`."""
        alike: dict[Any, list[int]] = {}
        for argument in row.arguments:
            leaf = self.rows[argument.row] if argument.row is not None else None
            if leaf is not None and leaf.kind != "op" and leaf.users == [row.index]:
                alike.setdefault((leaf.kind, leaf.outputs[0].shape), []).append(leaf.index)
        for first, *others in alike.values():
            if len(others) > SAVED:
                self._onto |= dict.fromkeys(others, first)


def _note_last(part: Part, other: Part) -> None:
    part.last = other.last
    for inner, its in zip(part.parts, other.parts, strict=True):
        _note_last(inner, its)


def _close(part: Part, depth: int) -> None:
    for inner in part.parts:
        if inner.kind == "module":
            inner.closed = depth == 0
            _close(inner, depth - 1)


def _boxes(part: Part) -> int:
    """How many boxes it is drawn as."""
    return 1 if part.kind == "op" or part.closed else sum(map(_boxes, part.parts))


def _plain(name: str) -> str:
    """A name without its numbers: `blocks.3` and `blocks.11` are alike."""
    return re.sub(r"\d+", "#", name)


def walk(part: Part, above: tuple[Part, ...] = ()) -> Iterator[tuple[Part, tuple[Part, ...]]]:
    """What is drawn: each part that is a box, with the open parts that it lies in."""
    if part.kind == "op" or part.closed:
        yield part, above
    else:
        for inner in part.parts:
            yield from walk(inner, (*above, part))
