"""The tape: records of what was computed, and the walk backwards over them.

While the forward pass runs, every op that matters leaves a `Record`: the op, what it was computed from, and what its
backward needs. Records are numbered as they are made, so a record's number is larger than those of everything it was
computed from. Backward is then just "read the tape in reverse": visit the records from the highest number down, turn
the gradient that has arrived at each into gradients of its inputs, and hand these on. When a record's turn comes,
everything that used its result has had its turn already (it came later), so its gradient is complete. A diamond such as
`b = a + a; c = b + b` needs no special care, and nothing recurses, so depth costs nothing.

This file knows records and arrays. It knows no op and no Tensor: an op is whatever has a `name`, `gradients(dout,
record)` and `fit(gradient, i, record)`; a leaf, where gradients come to rest, is whatever has a `shape`, a `dtype`,
`needs`, `hooked(gradient)` and `accumulate(gradient)`.
"""

from __future__ import annotations

import itertools
import linecache
import operator
import os
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType, FrameType, ModuleType
from typing import Any

from minigrad import bounds
from minigrad.backend import Array, array_module, is_array


class _OurFiles(dict):
    """`_ours[filename]`: whether a file is part of this package. Worked out once a file."""

    def __missing__(self, filename: str) -> bool:
        self[filename] = filename.startswith(os.path.dirname(__file__) + os.sep)
        return self[filename]


_ours = _OurFiles()

# One clock for records made and memory edited, so "was it edited after the record was made?" compares two numbers.
_clock = itertools.count(1)


class Context:
    """What the code is running inside.

    grad_enabled: whether ops are recorded. module: the path of the module that is running, such as "net.conv1", and
    running: that module. tapes: those that are listening. anomaly: who looks for the first NaN or Inf, if anybody.
    """

    __slots__ = ("anomaly", "grad_enabled", "module", "running", "tapes")

    def __init__(self) -> None:
        self.grad_enabled = True
        self.module = ""
        self.running: Any = None
        self.tapes: list[Tape] = []
        self.anomaly: Any = None


class _State(threading.local):
    """`state.here` is the Context of the thread that asks."""

    def __init__(self) -> None:
        self.here = Context()


state = _State()


# -- memory that changes -----------------------------------------------------------------------------------------------


class _Edits:
    """When was which memory last written to in place?

    Kept for the array that owns the memory, so all views of it, and all tensors on them, share one answer. An owner is
    held weakly, and forgotten when it dies.
    """

    def __init__(self) -> None:
        self.last = 0  # the time of the latest edit of all; records made since need no check
        self._by_owner: dict[int, _Edit] = {}

    def note(self, array: Array) -> None:
        """`array` has just been changed in place."""
        owner = _owner(array)
        key = id(owner)
        edit = self._by_owner.get(key)
        if edit is None:
            forget = self._by_owner.pop
            edit = self._by_owner[key] = _Edit(weakref.ref(owner, lambda _: forget(key, None)))
        self.last = edit.time = next(_clock)
        edit.count += 1
        bounds.forget(owner)

    def time(self, array: Array) -> int:
        """The time of the last edit of `array`'s memory; 0 for never."""
        edit = self._by_owner.get(id(_owner(array)))
        return 0 if edit is None else edit.time

    def count(self, array: Array) -> int:
        """How often `array`'s memory has been edited."""
        edit = self._by_owner.get(id(_owner(array)))
        return 0 if edit is None else edit.count


class _Edit:
    """The edits of one array's memory: when the last one was, and how many there were."""

    __slots__ = ("count", "owner", "time")

    def __init__(self, owner: weakref.ref[Array]) -> None:
        self.owner = owner
        self.time = self.count = 0


edits = _Edits()


def _owner(array: Array) -> Array:
    """The array that a view looks into, in the end."""
    while (base := array.base) is not None and is_array(base):
        array = base
    return array


def arrays_in(cache: object) -> Iterator[Array]:
    """The arrays in a cache: an array, or tuples, lists, dicts and objects that hold some."""
    waiting, opened = [cache], set()
    while waiting:
        part = waiting.pop()
        if is_array(part):
            yield part
        elif isinstance(part, (tuple, list)):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
        elif hasattr(part, "__dict__") and not isinstance(part, (type, ModuleType)) and id(part) not in opened:
            opened.add(id(part))  # objects may lead back to themselves
            waiting += vars(part).values()


# -- records -----------------------------------------------------------------------------------------------------------


class Record:
    """One op that was run: enough to go back through it, and to tell the user where it happened.

    op: has `name`, `gradients(dout, record)` and `fit(gradient, i, record)`.
    sources: for each argument the node that its gradient goes to: the record that made it (an `Output` if that has
        several), a leaf, or one that `needs` no gradient.
    wants: for each argument, whether its gradient was wanted when the op ran.
    cache: what forward kept for backward; `FREED` once it has been used.
    shape, dtype: of its (first) output. count: how many outputs it has.
    number: the time on the tape's clock at which it was made.
    module: the module path it ran in, such as "net.conv1"; "" outside any module.
    is_plain: it has one output, no hooks, and is not kept.
    hooks: {output: [function]} to be called with the output's complete gradient.
    kept: under `with Tape()`, the output arrays, and after backward their gradients. Else None.
    fingerprints: of the arrays in its cache as they were after forward, if anomalies are being looked for. Else None.
    name: what the user calls its (first) output, if that was said (`tensor.name = "h"`); not set otherwise.

    It holds no output Tensor (the output holds the record), so a dropped result frees its graph at once.
    """

    __slots__ = (
        *("op", "sources", "wants", "cache", "shape", "dtype", "number", "module"),
        *("is_plain", "count", "hooks", "kept", "fingerprints", "name", "_code", "_instruction"),
    )
    needs = True

    def __init__(
        self,
        op: Any,
        sources: Sequence[Any],
        wants: Sequence[bool],
        cache: Any,
        shape: tuple,
        dtype: Any,
        module: str,
        caller: FrameType,
    ) -> None:
        self.op = op
        self.sources = sources
        self.wants = wants
        self.cache = cache
        self.shape = shape
        self.dtype = dtype
        self.is_plain = True
        self.count = 1
        self.number = next(_clock)
        self.module = module
        self.hooks: dict[int, list] | None = None
        self.kept: Kept | None = None
        self.fingerprints: Any = None
        code = caller.f_code
        if _ours[code.co_filename]:
            caller = users_frame(caller)
            code = caller.f_code
        self._code: CodeType = code
        self._instruction = caller.f_lasti  # turned into a line number only when somebody asks

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the arguments that are arrays."""
        return tuple(source.shape for source in self.sources if source.shape is not None)

    @property
    def place(self) -> tuple[CodeType, int]:
        """The instruction of the user's code that ran the op: the code, and where in it."""
        return self._code, self._instruction

    @property
    def where(self) -> tuple[str, int]:
        """The user's file and line that ran the op."""
        return self._code.co_filename, self.span[0] or self._code.co_firstlineno

    @property
    def span(self) -> tuple[int | None, int | None, int | None, int | None]:
        """The part of the user's file that ran the op: its first and last line, first and last column (in bytes)."""
        nowhere = (None, None, None, None)
        return next(itertools.islice(self._code.co_positions(), self._instruction // 2, None), nowhere)

    @property
    def line(self) -> str:
        """The user's line as text, `train.py:12: y = x * w`."""
        return line_at(*self.where)

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


class Output:
    """An output of a record that has several: `record`'s output number `index`, after the first."""

    __slots__ = ("dtype", "index", "name", "record", "shape")
    needs = True

    def __init__(self, record: Record, index: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.record = record
        self.index = index
        self.shape = shape
        self.dtype = dtype


class _Freed:
    def __repr__(self) -> str:
        return "freed"


FREED = _Freed()


def users_frame(frame: FrameType | None = None) -> FrameType:
    """The innermost frame outside this package, from `frame` (this one) on outwards: the user's own code."""
    frame = frame or sys._getframe()
    while _ours[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    return frame


def line_at(file: str, number: int) -> str:
    """A line of code with its place: `train.py:12: y = x * w`."""
    source = linecache.getline(file, number).strip()
    return f"{name_of_file(file)}:{number}" + (f": {source}" if source else "")


def name_of_file(file: str) -> str:
    """What people call it: its name without the folder; a cell of a notebook, whose file nobody named, is `In[3]`."""
    ipython = sys.modules.get("IPython")  # loaded wherever there are cells
    shell = None if ipython is None else ipython.get_ipython()
    cell = None if shell is None else shell.compile.format_code_name(file)
    return os.path.basename(file) if cell is None else cell[1]


# -- the walk ----------------------------------------------------------------------------------------------------------


def walk_back(
    ends: Sequence[tuple[Any, Array]], *, wanted: Sequence[Any] | None = None, retain_graph: bool = False
) -> list[Array | None]:
    """Send gradients back from nodes, results or leaves, through everything that they were computed from.

    ends: pairs (node, gradient). Each leaf's `accumulate` is called once, as soon as the last record that used it has
        been visited. A record's cache is freed as soon as it has been visited, unless `retain_graph`.
    wanted: nodes. If given, the walk goes only where it leads to one of them, no leaf accumulates anything, and the
        gradients that arrived at them are returned (None where nothing did).
    """
    records, leaves = _reachable([node for node, _ in ends])
    caught: dict[Any, Array | None] = {}
    if wanted is not None:
        caught = dict.fromkeys(map(_place, wanted))
        records, leaves, leading = _towards(caught, records, leaves)
    last_edit, anomaly = edits.last, state.here.anomaly
    for record in records:
        if record.cache is FREED or last_edit > record.number:
            record.check_cache()
    arrived: dict[Any, Array] = {}  # the sum of what has come in so far; no entry is "nothing yet", never zero

    def reach_leaf(leaf: Any, gradient: Array | None) -> None:
        """A gradient, which the leaf may keep, or nothing, comes to it. After the last one it is final."""
        if gradient is not None:
            arrived[leaf] = arrived[leaf] + gradient if leaf in arrived else gradient
        leaves[leaf] -= 1
        if leaves[leaf] == 0 and leaf in arrived:
            if wanted is None:
                leaf.accumulate(arrived.pop(leaf))
            else:
                caught[leaf] = leaf.hooked(arrived.pop(leaf))

    for node, gradient in ends:
        if node in leaves:
            reach_leaf(node, gradient.copy())  # the leaf keeps it
        else:
            place = _place(node)
            arrived[place] = arrived[place] + gradient if place in arrived else gradient

    for record in records:
        dout = arrived.pop(record, None)
        if not record.is_plain:
            dout = _complete(record, dout, arrived)
        if wanted is not None:
            _catch(record, dout, caught)
            if record not in leading:
                continue
        sources = record.sources
        if anomaly is not None and dout is not None:
            anomaly.look_before(record, dout)
        inward = record.op.gradients(dout, record) if dout is not None else [None] * len(sources)
        if anomaly is not None and dout is not None:
            anomaly.look_at_backward(record, dout, inward)
        owners: list[int] = []  # of all memory that is at hand here, gathered when a leaf first asks
        for i, source in enumerate(sources):
            if not source.needs:
                continue
            gradient = inward[i]
            if gradient is not None and (gradient.shape != source.shape or gradient.dtype is not source.dtype):
                gradient = record.op.fit(gradient, i, record)
            if source in leaves:
                if gradient is not None and source not in arrived:
                    owners = owners or [id(_owner(array)) for array in arrays_in((dout, record.cache, *inward))]
                    gradient = _private(gradient, owners)
                reach_leaf(source, gradient)
            elif gradient is not None:
                place = source if type(source) is Record else _place(source)
                before = arrived.get(place)
                arrived[place] = gradient if before is None else before + gradient
        if not retain_graph:
            record.cache = FREED
    return [caught[_place(node)] for node in wanted or ()]


def _place(node: Any) -> Any:
    """Where the gradients of an output are collected: those after the first of a record have a place of their own."""
    return (node.record, node.index) if type(node) is Output else node


def _reachable(ends: Iterable[Any]) -> tuple[list[Record], dict[Any, int]]:
    """All records that `ends` lead back to, latest first, and all leaves, with how often each is used."""
    records: dict[Record, None] = {}
    leaves: dict[Any, int] = {}
    found = list(ends)
    while found:
        node = found.pop()
        if type(node) is Output:
            node = node.record
        if type(node) is not Record:
            leaves[node] = leaves.get(node, 0) + 1
        elif node not in records:
            records[node] = None
            for source in node.sources:
                if source.needs:
                    found.append(source)
    return sorted(records, key=_number, reverse=True), leaves


_number = operator.attrgetter("number")


def _towards(
    places: Iterable[Any], records: list[Record], leaves: dict[Any, int]
) -> tuple[list[Record], dict[Any, int], set[Record]]:
    """Of `records` and `leaves` those that matter for the gradients at `places`, and the records leading on to them."""
    targets = {place[0] if type(place) is tuple else place for place in places}
    leading: set[Record] = set()
    for record in reversed(records):
        sources = [source.record if type(source) is Output else source for source in record.sources]
        if any(source in targets or source in leading for source in sources):
            leading.add(record)
    visited = [record for record in records if record in leading or record in targets]
    return visited, {leaf: uses for leaf, uses in leaves.items() if leaf in targets}, leading


def _catch(record: Record, dout: Any, caught: dict[Any, Array | None]) -> None:
    """Keep copies of the gradients that arrived at a record's outputs, where somebody wants them."""
    for i, gradient in enumerate(dout if type(dout) is tuple else (dout,)):
        place = (record, i) if i else record
        if place in caught and gradient is not None:
            caught[place] = gradient.copy()


def _complete(record: Record, dout: Array | None, arrived: dict[Any, Array]) -> Any:
    """The gradient of a record that is not plain: a tuple for several outputs, after hooks, None if nothing came."""
    douts = [dout] + [arrived.pop((record, i), None) for i in range(1, record.count)]
    for i, hooks in list((record.hooks or {}).items()):
        for hook in tuple(hooks):  # a hook may remove itself
            douts[i] = None if douts[i] is None else hook(douts[i])
    if record.kept is not None:
        record.kept.gradients = tuple(douts)
    if all(dout is None for dout in douts):
        return None
    return douts[0] if record.count == 1 else tuple(douts)


def _private(gradient: Array, owners: list[int]) -> Array:
    """`gradient` as an array that a leaf may keep and change: itself, or a copy if something else shares its memory.

    `a + b` hands one array to both; a sum hands out a read-only view; neither may be kept as it is. owners: the ids of
    the arrays that own the memory of all that is at hand, this gradient included.
    """
    if not is_array(gradient):  # a NumPy scalar: nobody can change it
        return gradient
    flags = gradient.flags
    if flags.c_contiguous and getattr(flags, "writeable", True) and owners.count(id(_owner(gradient))) <= 1:
        return gradient
    return array_module(gradient).array(gradient, order="C")


# -- a tape to look at -------------------------------------------------------------------------------------------------


class Kept:
    """What `with Tape()` adds to a record: its values, and after backward the gradients that arrived at its outputs.

    arguments, settings: what the op was given: arrays, lists of them, numbers, None; and by name. arrays: its outputs.
    saved_bytes: how much the record kept for backward, which is known here even when it is freed.
    """

    __slots__ = ("arguments", "arrays", "gradients", "saved_bytes", "settings")

    def __init__(
        self, arguments: tuple[Any, ...], settings: dict[str, Any], arrays: tuple[Array, ...], saved_bytes: int
    ) -> None:
        self.arguments = arguments
        self.settings = settings
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
        state.here.tapes.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        state.here.tapes.remove(self)

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

    __repr__ = __str__


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
