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

import itertools
import linecache
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from minigrad.backend import Array, array_module, is_array

_HERE = str(Path(__file__).parent)

# One clock for everything that happens, in order: records made and memory edited. So "was it edited after the record was
# made?" is a comparison of two numbers.
_clock = itertools.count(1)


class _State(threading.local):
    """What the code is running inside, for each thread: gradients on or off, which module, which tapes listen."""

    grad_enabled = True
    module: str = ""  # the path of the module that is running, such as "net.conv1"
    running: Any = None  # that module

    def __init__(self) -> None:
        self.tapes: list[Tape] = []


state = _State()

Edge = tuple[Any, int]  # a record and which of its outputs, or a leaf and 0


# -- memory that changes -----------------------------------------------------------------------------------------------


class Memory:
    """Shared by all tensors that look at the same memory (views, `detach()`, `.data`): when it was last written to."""

    __slots__ = ("edited_at", "edits", "owner")
    last_edit = 0  # of any memory: nothing needs checking if this is older than the record

    def __init__(self) -> None:
        self.edited_at = 0
        self.edits = 0
        self.owner: weakref.ref[Array] | None = None

    def edited(self, array: Array) -> None:
        """Note that `array` has just been changed in place."""
        self.edited_at = Memory.last_edit = next(_clock)
        self.edits += 1
        owner = array.base if is_array(array.base) else array
        self.owner = weakref.ref(owner)

    def held_by(self, cache: object) -> bool:
        """Whether an array in `cache` lies in this memory. (`x + 1` keeps nothing of x; `x * x` keeps x.)"""
        owner = self.owner() if self.owner is not None else None
        return owner is not None and any(_overlap(owner, array) for array in arrays_in(cache))


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


def _overlap(a: Array, b: Array) -> bool:
    xp = array_module(a)
    return xp is array_module(b) and bool(xp.may_share_memory(a, b))


# -- records -----------------------------------------------------------------------------------------------------------


class Record:
    """One op that was run: enough to go back through it, and to tell the user where it happened.

    op: has `name` and `gradients(dout, record)`.
    sources: for each argument an edge, `(record, output)` or `(leaf, 0)`, or None if it needs no gradient.
    shapes, dtypes: of each argument (None for a number).
    outputs: (shape, dtype) of each output.
    cache: what forward kept for backward; `FREED` once it has been used.
    memories: the `Memory` of each tensor argument and output, to notice a later in-place change.
    number: the time on the tape's clock at which it was made.
    module: the module path it ran in, such as "net.conv1"; "" outside any module.
    hooks: {output: [function]} to be called with the output's complete gradient.
    kept: under `with Tape()`, the output arrays, and after backward their gradients. Else None.

    It holds no output Tensor (the output holds the record), so a dropped result frees its graph at once.
    """

    __slots__ = (
        "op", "sources", "shapes", "dtypes", "outputs", "cache", "memories", "number", "module", "hooks", "kept",
        "_code", "_instruction", "__weakref__",
    )  # fmt: skip

    def __init__(
        self, op: Any, sources: tuple[Edge | None, ...], shapes: tuple, dtypes: tuple, outputs: tuple, cache: Any,
        memories: tuple[Memory, ...],
    ) -> None:  # fmt: skip
        self.op = op
        self.sources = sources
        self.shapes = shapes
        self.dtypes = dtypes
        self.outputs = outputs
        self.cache = cache
        self.memories = memories
        self.number = next(_clock)
        self.module = state.module
        self.hooks: dict[int, list] | None = None
        self.kept: Kept | None = None
        frame = users_frame()
        self._code: CodeType | None = frame.f_code if frame else None
        self._instruction = frame.f_lasti if frame else 0

    @property
    def needs(self) -> tuple[bool, ...]:
        """For each argument, whether its gradient is wanted."""
        return tuple(source is not None for source in self.sources)

    @property
    def where(self) -> tuple[str, int]:
        """The user's file and line that ran the op."""
        if self._code is None:
            return "?", 0
        positions = next(itertools.islice(self._code.co_positions(), self._instruction // 2, None), (None,))
        return self._code.co_filename, positions[0] or self._code.co_firstlineno

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
        operands = " and ".join("a number" if shape is None else str(shape) for shape in self.shapes)
        module = f" in {self.module}" if self.module else ""
        return f"{self.op.name} of {operands}{module}, at {self.line}"

    def __repr__(self) -> str:
        return f"<record {self}>"

    def check_cache(self) -> None:
        """Raise if the cache is gone, or no longer holds what forward put there."""
        if self.cache is FREED:
            raise RuntimeError(
                f"backward: this part of the graph has been used already, and what it kept is freed: {self}. "
                "Run the forward pass again, or pass retain_graph=True to the first backward."
            )
        if Memory.last_edit > self.number:
            for memory in self.memories:
                if memory.edited_at > self.number and memory.held_by(self.cache):
                    raise RuntimeError(
                        f"backward: a tensor that was saved for the gradient of {self} was changed in place afterwards. "
                        "Use the out-of-place form (y = y + 1), or change a clone()."
                    )


class _Freed:
    def __repr__(self) -> str:
        return "freed"


FREED = _Freed()


def users_frame() -> FrameType | None:
    """The innermost frame outside this package: the user's own code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return frame


# -- the walk ----------------------------------------------------------------------------------------------------------


def walk_back(edges: Sequence[Edge], gradients: Sequence[Array], *, retain_graph: bool = False) -> None:
    """Send `gradients`, one for each of `edges`, back through everything that these were computed from.

    Each leaf's `accumulate` is called once, as soon as the last record that used it has been visited. A record's cache
    is freed as soon as it has been visited, unless `retain_graph`.
    """
    records, uses = _reachable(edges)
    for record in records:
        record.check_cache()
    arrived: dict[Edge, Array] = {}  # the sum of what has come in so far; no entry is "nothing yet", never zero

    def arrive(edge: Edge, gradient: Array | None) -> None:
        node = edge[0]
        if gradient is not None:
            before = arrived.get(edge)
            arrived[edge] = gradient if before is None else before + gradient
        uses[node] -= 1
        if uses[node] == 0 and type(node) is not Record and edge in arrived:
            node.accumulate(arrived.pop(edge))

    for edge, gradient in zip(edges, gradients, strict=True):
        arrive(edge, _private(gradient, gradient))

    for record in records:
        dout = _collect(record, arrived)
        if dout is None:
            inward = (None,) * len(record.sources)
        else:
            inward = record.op.gradients(dout, record)
        for i, edge in enumerate(record.sources):
            if edge is None:
                continue
            gradient = inward[i]
            if gradient is not None and type(edge[0]) is not Record:
                gradient = _private(gradient, (dout, record.cache, inward[:i], inward[i + 1 :]))
            arrive(edge, gradient)
        if not retain_graph:
            record.cache = FREED


def _reachable(edges: Sequence[Edge]) -> tuple[list[Record], dict[Any, int]]:
    """All records that the edges lead back to, latest first, and how often each record and leaf is used."""
    uses: dict[Any, int] = {}
    records: list[Record] = []
    found = [node for node, _ in edges]
    while found:
        node = found.pop()
        if node in uses:
            uses[node] += 1
            continue
        uses[node] = 1
        if type(node) is Record:
            records.append(node)
            found += [edge[0] for edge in node.sources if edge is not None]
    records.sort(key=lambda record: record.number, reverse=True)
    return records, uses


def _collect(record: Record, arrived: dict[Edge, Array]) -> Any:
    """The complete gradient of the record's output (a tuple if it has several), after hooks; None if nothing came."""
    douts = [arrived.pop((record, i), None) for i in range(len(record.outputs))]
    if record.hooks:
        for i, hooks in record.hooks.items():
            for hook in hooks:
                douts[i] = hook(douts[i]) if douts[i] is not None else None
    if record.kept is not None:
        record.kept.gradients = tuple(douts)
    if all(dout is None for dout in douts):
        return None
    return douts[0] if len(douts) == 1 else tuple(douts)


def _private(gradient: Array, visible: Any) -> Array:
    """`gradient` as an array that a leaf may keep and change: itself, or a copy if it shares memory with `visible`.

    `a + b` hands one array to both; a sum hands out a read-only view; neither may be kept as it is.
    """
    flags = gradient.flags
    keepable = flags.c_contiguous and getattr(flags, "writeable", True)
    if keepable and not any(_overlap(gradient, array) for array in arrays_in(visible)):
        return gradient
    return array_module(gradient).array(gradient, order="C")


# -- a tape to look at -------------------------------------------------------------------------------------------------


class Kept:
    """What `with Tape()` adds to a record: its output arrays, and after backward the gradients that arrived there."""

    __slots__ = ("arrays", "gradients")

    def __init__(self, arrays: tuple[Array, ...]) -> None:
        self.arrays = arrays
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
        right = {0, 5, 6}
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
    return (
        str(step),
        record.op.name,
        record.module,
        ", ".join("·" if shape is None else _shape(shape) for shape in record.shapes),
        ", ".join(_shape(shape) for shape, _ in record.outputs),
        "freed" if record.cache is FREED else f"{record.saved_bytes:,}",
        ", ".join("—" if g is None else f"{_norm(g):.4g}" for g in record.kept.gradients) if record.kept else "—",
        record.line,
    )


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _norm(array: Array) -> float:
    return float((array.astype("float64") ** 2).sum() ** 0.5)
