"""A walk back over the tape, watched: what arrived where, what came of it, and what was added to what.

It is the walk of the tape itself: the same records in the same order, the same backward passes, the same sums. Only
that nothing is left of it: no `.grad` changes, and the graph can still be used. (A hook on a tensor runs, since what it
returns is part of the gradient.)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import tape
from minigrad.backend import Array, array_module, to_host
from minigrad.tape import FREED, Record, arrays_in, edits, state
from minigrad.teach.rows import Row, Value
from minigrad.teach.trace.plain import number, plain
from minigrad.teach.trace.replay import Check, Replay, copied
from minigrad.teach.trace.rules import rules_of
from minigrad.teach.trace.terms import Parts, Sum
from minigrad.teach.trace.windows import window_of
from minigrad.tensor import Output, Retain, Tensor

CHECKED_ROWS = 80  # up to which all gradients are held against finite differences; with more, those of the leaves
CHECKED_ELEMENTS = 3_000_000  # up to which any are
WAITING = 20  # values that wait are named

Place = tuple[int, int]  # a row, and which of its outputs


class Walk:
    """One walk back from a result.

    rows: those behind it, as `read` gives them. start: the row and output that it is. steps: one for each op, in the
    order of backward; gradients: of the leaves, which the steps have added up; both as plain data (see `Trace`).
    """

    def __init__(self, loss: Tensor, upstream: Array, rows: list[Row]) -> None:
        self._rows = rows
        self._ops = [row for row in reversed(rows) if isinstance(row.node, Record)]
        self.start: Place = self._ops[0].index, loss.node.index if isinstance(loss.node, Output) else 0
        with _caches([row.record for row in self._ops]):
            self._go(loss, upstream)

    def _go(self, loss: Tensor, upstream: Array) -> None:
        rows = self._rows
        self._seen, self._final = _watched(loss, upstream, rows)
        self._arrived: dict[Place, Array] = {self.start: upstream}
        self._uses: dict[Place, int] = {}
        for row in self._ops:
            for argument in row.arguments:
                if argument.row is not None and argument.wants:
                    place = argument.row, argument.output
                    self._uses[place] = self._uses.get(place, 0) + 1
        self._received = dict.fromkeys(self._uses, 0)
        self._waits: dict[Place, None] = {}  # for contributions: some have come, not all
        self._came: dict[Place, list[tuple[int, int]]] = {}  # from which step, and for which of its inputs
        elements = sum(value.array.size for row in rows for value in row.outputs if value.array is not None)
        largest = max(_largest(one) for dout, inward in self._seen.values() for one in (dout, *inward))
        self._replay = Replay(rows, self.start, upstream, largest) if elements <= CHECKED_ELEMENTS else None
        self._found_not_finite = False
        self._hooked: set[Place] = set()  # where the gradients are what hooks made of them, and no slopes
        self.steps = [self._step(number, row) for number, row in enumerate(self._ops)]
        self.gradients = [self._gradient(row) for row in self._rows if row.kind == "parameter"]

    def _gradient(self, row: Row) -> dict[str, Any]:
        gradient, before = self._final[row.index], row.leaf.grad
        after = gradient if before is None else before.array if gradient is None else before.array + gradient
        return {
            "row": row.index,
            "name": row.outputs[0].name,
            "gradient": plain(gradient),
            "check": None if row.leaf.hooks else self._check((row.index, 0), gradient),
            "hooked": bool(row.leaf.hooks),
            "before": plain(None if before is None else before.array),
            "after": plain(after),
        }

    def _step(self, step: int, row: Row) -> dict[str, Any]:
        record = row.record
        dout, inward = self._seen.get(record, (None, [None] * len(record.sources)))
        douts = dout if type(dout) is tuple else (dout,) * (1 if record.count == 1 else record.count)
        parts = Parts(record, dout, inward) if dout is not None else None
        checked = len(self._ops) <= CHECKED_ROWS
        hooked = {i for i, hooks in (record.hooks or {}).items() if any(type(hook) is not Retain for hook in hooks)}
        self._hooked |= {(row.index, i) for i in hooked}
        if any((row.index, i) in self._hooked for i in range(record.count)):
            self._hooked |= {(one.row, one.output) for one in row.arguments if one.row is not None}
        described = {
            "step": step,
            **{
                name: value
                for name, value in plain_row(row).items()
                if name not in ("kind", "arguments", "users", "window")
            },
            "upstream": [plain(one) for one in douts],
            "came": [[list(one) for one in self._came.get((row.index, i), [])] for i in range(record.count)],
            "hooked": bool(hooked),
            "checks": [self._check((row.index, i), one) if checked else None for i, one in enumerate(douts)],
            "inputs": [self._input(step, row, i, inward[i], parts) for i in range(len(row.arguments))],
            "cache": list(_cache(row, self._rows)),
        }
        described["waiting"] = list(self._waiting())
        described["not_finite"] = self._first_not_finite(douts, row, inward)
        return described

    def _input(self, step: int, row: Row, i: int, contribution: Array | None, parts: Parts | None) -> dict[str, Any]:
        """What goes to argument i of an op; it is added to what has arrived there."""
        argument, record = row.arguments[i], row.record
        if argument.row is None:
            constant = _constant(argument.constant)
            return {"argument": argument.name, "row": None, "name": str(constant), "constant": constant, "wants": False}
        source = self._rows[argument.row]
        described = {
            "argument": argument.name,
            "row": argument.row,
            "output": argument.output,
            "kind": source.kind,
            **plain_value(source.outputs[argument.output]),
            "wants": argument.wants,
        }
        if not argument.wants:
            return described
        place = (argument.row, argument.output)
        before = self._arrived.get(place)
        after, summed = before, None
        if contribution is not None:
            fitted, wanted = contribution, record.sources[i]
            if fitted.shape != wanted.shape or fitted.dtype != wanted.dtype:
                fitted = record.op.fit(fitted, i, record)
            if fitted.shape != contribution.shape:
                axes = _summed_axes(contribution.shape, fitted.shape)
                ends = {"from": list(contribution.shape), "to": list(fitted.shape)}
                summed = {"axes": axes, **ends, "total": plain(fitted)}
            after = fitted if before is None else before + fitted
            self._arrived[place] = after
            self._came.setdefault(place, []).append((step, i))
        self._received[place] += 1
        if self._received[place] < self._uses[place]:
            self._waits[place] = None
        else:
            self._waits.pop(place, None)
        rules = rules_of(record.op)
        rule = rules.gradient(argument.name) if rules is not None else None
        return described | {
            "rule": rule.latex if rule else "",
            "rule_text": rule.text if rule else "",
            "contribution": plain(contribution),
            "sums": [] if parts is None else [_plain_sum(one) for one in parts.of(i)],
            "summed": summed,
            "before": plain(before),
            "after": plain(after),
            "received": self._received[place],
            "of": self._uses[place],
        }

    def _waiting(self) -> Iterator[dict[str, Any]]:
        for place in itertools.islice(self._waits, WAITING):
            row, output = place
            name = self._rows[row].outputs[output].name
            counts = {"received": self._received[place], "of": self._uses[place]}
            yield {"row": row, "output": output, "name": name, **counts}

    def _check(self, place: Place, gradient: Array | None) -> dict[str, Any] | None:
        if self._replay is None or gradient is None or place in self._hooked:
            return None
        found = self._replay.check(place, gradient)
        return None if found is None else _plain_check(found)

    def _first_not_finite(self, douts: Sequence[Array | None], row: Row, inward: Sequence[Array | None]) -> str:
        """In words, where NaN or Inf appears in this step, if it was nowhere before."""
        if self._found_not_finite:
            return ""
        parts = [(f"the upstream gradient of {value.name}", one) for value, one in zip(row.outputs, douts, strict=True)]
        parts += [(f"the gradient for {one.name}", part) for one, part in zip(row.arguments, inward, strict=True)]
        for where, array in parts:
            if not is_finite(array):
                self._found_not_finite = True
                return f"the first NaN or Inf of this backward pass is in {where}"
        return ""


@contextmanager
def _caches(records: list[Record]) -> Iterator[None]:
    """What backward() has freed is there again inside, where a tape kept what it was made from."""
    freed = [record for record in records if record.cache is FREED]
    for record in freed:
        if record.kept is None:
            raise RuntimeError(
                f"trace: backward() has been through this graph, and what it kept is freed: {record}. Trace before "
                "backward(), pass retain_graph=True to it, or compute inside `with mg.Tape():`."
            )
        if any(edits.time(array) > record.number for array in arrays_in(record.kept.arguments)):
            raise RuntimeError(
                f"trace: backward() has been through this graph, and what {record} was computed from was changed since "
                "then, as an optimizer's step() does. Trace before that."
            )
    try:
        for record in freed:
            assert record.kept is not None
            record.cache = record.op.forward(*record.kept.arguments, **record.kept.settings)[1]
        yield
    finally:
        for record in freed:
            record.cache = FREED


class _Watch:
    """What the tape tells of a walk: the gradient that arrived at each record, and what its backward made of it.

    It stands where `detect_anomaly` does, so a NaN is shown in its step and stops nothing.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.seen: dict[Record, tuple[Any, Sequence[Array | None]]] = {}
        # A user's backward may change the dout that it is given, which is what another has returned.
        self._as_seen = (lambda one: one) if all(record.op.is_ours for record in records) else copied

    def look_at_forward(self, name: str, arguments: Sequence[Any], out: Any) -> None:
        """An op that a hook runs is none of ours."""

    def remember(self, record: Record) -> None:
        """Nor is its record."""

    def look_before(self, record: Record, dout: Any) -> None:
        self.seen[record] = self._as_seen(dout), ()

    def look_at_backward(self, record: Record, dout: Any, inward: Sequence[Array | None]) -> None:
        self.seen[record] = self.seen[record][0], self._as_seen(inward)


def _watched(loss: Tensor, upstream: Array, rows: list[Row]) -> tuple[dict[Record, Any], dict[int, Array | None]]:
    """What was seen at each record, and the gradient of each leaf by its row. Afterwards all is as it was."""
    leaves = [row for row in rows if row.kind == "parameter"]
    records = [row.node for row in rows if isinstance(row.node, Record)]
    watch, theirs = _Watch(records), [(record, record.cache) for record in records if not record.op.is_ours]
    kept = [(record.kept, record.kept.gradients) for record in records if record.kept is not None]
    hooked = [(record, record.hooks) for record in records if record.hooks]
    for record, _ in theirs:
        record.check_cache()  # of what is now replaced by copies, since a user's backward may change it
    before, state.here.anomaly = state.here.anomaly, watch
    try:
        for record, cache in theirs:
            record.cache = copied(cache)
        for record, of_outputs in hooked:  # those that keep a gradient for the user have nothing to do here
            record.hooks = {i: [hook for hook in some if type(hook) is not Retain] for i, some in of_outputs.items()}
        found = tape.walk_back([(loss.node, upstream)], wanted=[row.leaf for row in leaves], retain_graph=True)
    finally:
        state.here.anomaly = before
        for record, cache in theirs:
            record.cache = cache
        for record, of_outputs in hooked:
            record.hooks = of_outputs
        for one, gradients in kept:
            one.gradients = gradients
    return watch.seen, {row.index: gradient for row, gradient in zip(leaves, found, strict=True)}


def _largest(gradient: Any) -> float:
    """The size of the largest finite element of a gradient, or of several."""
    if gradient is None:
        return 0.0
    if isinstance(gradient, tuple):
        return max(map(_largest, gradient))
    host = np.abs(to_host(gradient))
    return float(host.max(initial=0.0, where=np.isfinite(host)))


def is_finite(array: Array | None) -> bool:
    """Whether no element is NaN or Inf, as far as there is an array."""
    return array is None or bool(array_module(array).isfinite(array).all())


# -- as plain data -----------------------------------------------------------------------------------------------------


def plain_row(row: Row) -> dict[str, Any]:
    """A row of the forward pass."""
    file, line, source, pair = "", 0, "", ""
    if isinstance(row.node, Record):
        file, line = row.node.where
        rules = rules_of(row.node.op)
        pair = rules.pair if rules is not None else ""
        source = row.node.line.partition(": ")[2]
    return {
        "row": row.index,
        "kind": row.kind,
        "op": row.op,
        "pair": pair,
        "module": row.module,
        "file": tape.name_of_file(file),
        "line": line,
        "source": source,
        "outputs": [plain_value(value) for value in row.outputs],
        "arguments": [
            {
                "argument": one.name,
                "row": one.row,
                "output": one.output,
                "constant": _constant(one.constant),
                "wants": one.wants,
            }
            for one in row.arguments
        ],
        "users": row.users,
        "window": window_of(row.node) if isinstance(row.node, Record) else None,
    }


def plain_value(value: Value) -> dict[str, Any]:
    """A value with its name."""
    return {
        "name": value.name,
        "shape": list(value.shape),
        "dtype": str(value.dtype),
        "value": plain(value.array),
    }


def _constant(value: Any) -> Any:
    return None if value is None else number(value) if isinstance(value, (bool, int, float)) else str(value)


def _plain_sum(one: Sum) -> dict[str, Any]:
    return {
        "place": list(one.place),
        "terms": [
            {
                "output": term.output,
                "place": list(term.place),
                "upstream": number(term.upstream),
                "local": number(term.local),
                "product": number(term.product),
            }
            for term in one.terms
        ],
        "others": one.others,
        "rest": number(one.rest),
        "total": number(one.total),
    }


def _plain_check(check: Check) -> dict[str, Any]:
    gradient, slope = number(check.gradient), number(check.slope)
    return {"place": list(check.place), "gradient": gradient, "slope": slope, "verdict": check.verdict}


def _cache(row: Row, rows: list[Row]) -> Iterator[dict[str, Any]]:
    """The arrays and scalars that forward kept for backward, by the names of the values that they are."""
    known = [
        (argument.name, rows[argument.row].outputs[argument.output])
        for argument in row.arguments
        if argument.row is not None
    ]
    known += [("out", value) for value in row.outputs]
    cache = row.record.cache
    scalars = [one for one in (cache if type(cache) is tuple else (cache,)) if isinstance(one, np.generic)]
    for array in [*arrays_in(cache), *scalars]:
        names = [name for name, value in known if value.array is not None and _is(array, value.array)]
        yield {"name": names[0] if names else "", "value": plain(array)}


def _is(array: Array, other: Array) -> bool:
    """Whether two arrays are one, or look at the same memory in the same shape."""
    if array is other:
        return True
    if isinstance(array, np.generic):  # a copy of what a 0-d array holds
        return not other.shape and array.dtype == other.dtype and bool(array == other)
    if not (isinstance(array, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return array.shape == other.shape and array.strides == other.strides and np.may_share_memory(array, other)


def _summed_axes(raw: tuple[int, ...], fitted: tuple[int, ...]) -> list[int]:
    """The axes of `raw` that are summed to give the shape `fitted`."""
    leading = len(raw) - len(fitted)
    return [*range(leading), *(leading + i for i, n in enumerate(fitted) if n == 1 and raw[leading + i] != 1)]
