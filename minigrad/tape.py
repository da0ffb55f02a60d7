"""The tape: records of what was computed, and the walk backwards over them.

While the forward pass runs, every op that matters leaves a `Record`: the op, what it was computed from, and what its
backward needs. Records are numbered as they are made, so a record's number is larger than those of everything it was
computed from. Backward is then just "read the tape in reverse": visit the records from the highest number down, turn
the gradient that has arrived at each into gradients of its inputs, and hand these on. When a record's turn comes,
everything that used its result has had its turn already (it came later), so its gradient is complete. A diamond such as
`b = a + a; c = b + b` needs no special care, and nothing recurses, so depth costs nothing.

This file knows records and arrays. It knows no op and no Tensor: an op is whatever has a `name` and `gradients(dout,
record)`, and a leaf, where gradients come to rest, is whatever has `accumulate(gradient)`.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import operator
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from minigrad.backend import Array, array_module, is_array

_HERE = str(Path(__file__).parent)

# One clock for records made and memory edited, so "was it edited after the record was made?" compares two numbers.
_clock = itertools.count(1)


class _State(threading.local):
    """What the code is running inside, for each thread: gradients on or off, which module, which tapes listen."""

    grad_enabled = True
    module: str = ""  # the path of the module that is running, such as "net.conv1"
    running: Any = None  # that module

    def __init__(self) -> None:
        self.tapes: list[Tape] = []


state = _State()

# Where the gradient of an array of some shape and dtype goes: (record, which of its outputs, shape, dtype);
# or (leaf, 0, shape, dtype). For an array that needs no gradient the first is None.
Edge = tuple[Any, int, tuple[int, ...], Any]


# -- memory that changes -----------------------------------------------------------------------------------------------


class _Edits:
    """When was which memory last written to in place?

    Kept for the array that owns the memory, so all views of it, and all tensors on them, share one answer. An owner is
    held weakly, and forgotten when it dies.
    """

    def __init__(self) -> None:
        self.last = 0  # the time of the latest edit of all; records made since need no check
        self._by_owner: dict[int, tuple[int, int, weakref.ref[Array]]] = {}

    def note(self, array: Array) -> None:
        """`array` has just been changed in place."""
        owner = _owner(array)
        key = id(owner)
        self.last = next(_clock)
        forget = self._by_owner.pop
        self._by_owner[key] = (self.last, self.count(array) + 1, weakref.ref(owner, lambda _: forget(key, None)))

    def time(self, array: Array) -> int:
        """The time of the last edit of `array`'s memory; 0 for never."""
        return self._by_owner.get(id(_owner(array)), (0, 0))[0]

    def count(self, array: Array) -> int:
        """How often `array`'s memory has been edited."""
        return self._by_owner.get(id(_owner(array)), (0, 0))[1]


edits = _Edits()


def _owner(array: Array) -> Array:
    """The array that a view looks into, in the end."""
    while is_array(array.base):
        array = array.base
    return array


def arrays_in(cache: object) -> Iterator[Array]:
    """The arrays in a cache: an array, or tuples, lists, dicts and objects that hold some."""
    if is_array(cache):
        yield cache
    elif isinstance(cache, (tuple, list)):
        for part in cache:
            yield from arrays_in(part)
    elif isinstance(cache, dict):
        yield from arrays_in(list(cache.values()))
    elif hasattr(cache, "__dict__") and not isinstance(cache, type):
        yield from arrays_in(list(vars(cache).values()))


# -- records -----------------------------------------------------------------------------------------------------------


class Record:
    """One op that was run: enough to go back through it, and to tell the user where it happened.

    op: has `name` and `gradients(dout, record)`.
    sources: for each argument the edge that its gradient goes to; None if it is no array.
    needs: for each argument whether its gradient is wanted.
    count: how many outputs it has.
    cache: what forward kept for backward; `FREED` once it has been used.
    number: the time on the tape's clock at which it was made.
    module: the module path it ran in, such as "net.conv1"; "" outside any module.
    hooks: {output: [function]} to be called with the output's complete gradient.
    kept: under `with Tape()`, the output arrays, and after backward their gradients. Else None.

    It holds no output Tensor (the output holds the record), so a dropped result frees its graph at once.
    """

    __slots__ = (
        "_code",
        "_instruction",
        "cache",
        "count",
        "hooks",
        "kept",
        "module",
        "needs",
        "number",
        "op",
        "sources",
    )

    def __init__(
        self, op: Any, sources: Sequence[Any], needs: Sequence[bool], count: int, cache: Any, caller: FrameType
    ) -> None:
        self.op = op
        self.sources = sources
        self.needs = needs
        self.count = count
        self.cache = cache
        self.number = next(_clock)
        self.module = state.module
        self.hooks: dict[int, list] | None = None
        self.kept: Kept | None = None
        frame = users_frame(caller)
        self._code: CodeType = frame.f_code
        self._instruction = frame.f_lasti  # turned into a line number only when somebody asks

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the arguments that are arrays."""
        return tuple(edge[2] for edge in self.sources if edge is not None)

    @property
    def where(self) -> tuple[str, int]:
        """The user's file and line that ran the op."""
        lines = (position[0] for position in self._code.co_positions())
        line = next(itertools.islice(lines, self._instruction // 2, None), None)
        return self._code.co_filename, line or self._code.co_firstlineno

    @property
    def line(self) -> str:
        """The user's line as text, `train.py:12: y = x * w`."""
        file, number = self.where
        source = linecache.getline(file, number).strip()
        return f"{Path(file).name}:{number}" + (f": {source}" if source else "")

    @property
    def saved_bytes(self) -> int:
        """Bytes of the arrays that the cache keeps alive for backward (each once)."""
        return sum({id(array): array.nbytes for array in arrays_in(self.cache)}.values())

    def __str__(self) -> str:
        """How errors name it: `mul of (3,) and (3,) in net.fc1, at train.py:12: y = x * w`."""
        operands = " and ".join(map(str, self.shapes))
        module = f" in {self.module}" if self.module else ""
        return f"{self.op.name} of {operands}{module}, at {self.line}"

    def __repr__(self) -> str:
        return f"<record {self}>"

    def check_cache(self) -> None:
        """Raise if the cache is gone, or no longer holds what forward put there.

        Only memory that the cache really holds matters: `x + 1; x += 1` is legal, `x * x; x += 1` is not.
        """
        if self.cache is FREED:
            raise RuntimeError(
                f"backward: this part of the graph has been used already, and what it kept is freed: {self}. "
                "Run the forward pass again, or pass retain_graph=True to the first backward."
            )
        if any(edits.time(array) > self.number for array in arrays_in(self.cache)):
            raise RuntimeError(
                f"backward: a tensor that was saved for the gradient of {self} was changed in place afterwards. "
                "Use the out-of-place form (y = y + 1), or change a clone()."
            )


class _Freed:
    def __repr__(self) -> str:
        return "freed"


FREED = _Freed()


def users_frame(frame: FrameType | None = None) -> FrameType:
    """The innermost frame outside this package, from `frame` (this one) on outwards: the user's own code."""
    frame = frame or sys._getframe()
    while _is_ours(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return frame


@functools.cache
def _is_ours(filename: str) -> bool:
    return filename.startswith(_HERE)


# -- the walk ----------------------------------------------------------------------------------------------------------


def walk_back(edges: Sequence[Edge], gradients: Sequence[Array], *, retain_graph: bool = False) -> None:
    """Send `gradients`, one for each of `edges`, back through everything that these were computed from.

    Each leaf's `accumulate` is called once, as soon as the last record that used it has been visited. A record's cache
    is freed as soon as it has been visited, unless `retain_graph`.
    """
    records, uses = _reachable(edges)
    for record in records:
        if record.cache is FREED or edits.last > record.number:
            record.check_cache()
    arrived: dict[Any, Array] = {}  # the sum of what has come in so far; no entry is "nothing yet", never zero

    def add(place: Any, gradient: Array) -> None:
        before = arrived.get(place)
        arrived[place] = gradient if before is None else before + gradient

    def reach_leaf(leaf: Any, gradient: Array | None, visible: Any) -> None:
        if gradient is not None:
            add(leaf, _private(gradient, visible))
        uses[leaf] -= 1
        if uses[leaf] == 0 and leaf in arrived:
            leaf.accumulate(arrived.pop(leaf))

    for (node, output, *_), gradient in zip(edges, gradients, strict=True):
        if type(node) is Record:
            add((node, output) if output else node, gradient)
        else:
            reach_leaf(node, gradient, gradient)

    for record in records:
        dout = _complete(record, arrived)
        inward = record.op.gradients(dout, record) if dout is not None else [None] * len(record.sources)
        for i, edge in enumerate(record.sources):
            if not record.needs[i]:
                continue
            node, gradient = edge[0], inward[i]
            if type(node) is not Record:
                reach_leaf(node, gradient, (dout, record.cache, inward[:i], inward[i + 1 :]))
            elif gradient is not None:
                add((node, edge[1]) if edge[1] else node, gradient)  # outputs after the first have their own place
        if not retain_graph:
            record.cache = FREED


def _reachable(edges: Sequence[Edge]) -> tuple[list[Record], dict[Any, int]]:
    """All records that the edges lead back to, latest first, and how often each record and leaf is used."""
    uses: dict[Any, int] = {}
    records: list[Record] = []
    found = [edge[0] for edge in edges]
    while found:
        node = found.pop()
        if node in uses:
            uses[node] += 1
            continue
        uses[node] = 1
        if type(node) is Record:
            records.append(node)
            for edge, needed in zip(node.sources, node.needs, strict=True):
                if needed:
                    found.append(edge[0])
    records.sort(key=_number, reverse=True)
    return records, uses


_number = operator.attrgetter("number")


def _complete(record: Record, arrived: dict[Any, Array]) -> Any:
    """The gradient of the record's output (a tuple if it has several), now complete; None if nothing came."""
    dout = arrived.pop(record, None)
    if record.count == 1 and record.hooks is None and record.kept is None:
        return dout
    douts = [dout] + [arrived.pop((record, i), None) for i in range(1, record.count)]
    for i, hooks in (record.hooks or {}).items():
        for hook in hooks:
            douts[i] = None if douts[i] is None else hook(douts[i])
    if record.kept is not None:
        record.kept.gradients = tuple(douts)
    if all(dout is None for dout in douts):
        return None
    return douts[0] if len(douts) == 1 else tuple(douts)


def _private(gradient: Array, visible: Any) -> Array:
    """`gradient` as an array that a leaf may keep and change: itself, or a copy if it shares memory with `visible`.

    `a + b` hands one array to both; a sum hands out a read-only view; neither may be kept as it is.
    """
    flags, xp = gradient.flags, array_module(gradient)
    keepable = flags.c_contiguous and getattr(flags, "writeable", True)
    if keepable and not any(xp.may_share_memory(gradient, array) for array in arrays_in(visible)):
        return gradient
    return xp.array(gradient, order="C")


# -- a tape to look at -------------------------------------------------------------------------------------------------


class Kept:
    """What `with Tape()` adds to a record: its output arrays, and after backward the gradients that arrived there.

    saved_bytes: how much the record kept for backward, which is known here even when it is freed.
    """

    __slots__ = ("arrays", "gradients", "saved_bytes")

    def __init__(self, arrays: tuple[Array, ...], saved_bytes: int) -> None:
        self.arrays = arrays
        self.saved_bytes = saved_bytes
        self.gradients: tuple[Array | None, ...] = (None,) * len(arrays)


class Tape:
    """`with Tape() as tape:` keeps the records made inside it, in order and with their values, to look at.

    >>> with mg.Tape() as tape:
    ...     loss = net(x).square().mean()
    ...     loss.backward()
    >>> print(tape)

    It is a sequence of records. Gradients need no Tape; it only keeps what would be dropped.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __enter__(self) -> Tape:
        state.tapes.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        state.tapes.remove(self)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, step):
        return self.records[step]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __str__(self) -> str:
        """A table: step, op, shapes in and out, bytes kept, norm of the output's gradient, the user's line."""
        header = ("step", "op", "module", "in", "out", "bytes kept", "|gradient|", "line")
        rows = [header] + [_row(step, record) for step, record in enumerate(self.records)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
        if not any(record.module for record in self.records):
            widths[header.index("module")] = 0
        right = {header.index(name) for name in ("step", "bytes kept", "|gradient|")}
        lines = [
            "  ".join(
                cell.rjust(width) if column in right else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
                if width > 0
            ).rstrip()
            for row in rows
        ]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _row(step: int, record: Record) -> tuple[str, ...]:
    kept = record.kept
    assert kept is not None  # a tape's records have it
    return (
        str(step),
        record.op.name,
        record.module,
        ", ".join(map(_shape, record.shapes)),
        ", ".join(_shape(array.shape) for array in kept.arrays),
        f"{kept.saved_bytes:,}",
        ", ".join("—" if gradient is None else f"{_norm(gradient):.4g}" for gradient in kept.gradients),
        record.line,
    )


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _norm(array: Array) -> float:
    return float((array.astype("float64") ** 2).sum() ** 0.5)
