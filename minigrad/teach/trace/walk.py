"""A walk back over the tape, told step by step: what arrived where, what came of it, what was added to what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from minigrad.backend import Array, array_module, to_host
from minigrad.teach.rows import Row
from minigrad.teach.trace.data import plain_cache, plain_check, plain_constant, plain_op, plain_sum, plain_value
from minigrad.teach.trace.plain import plain
from minigrad.teach.trace.replay import Replay, magnitude
from minigrad.teach.trace.rules import rules_of
from minigrad.teach.trace.terms import Parts
from minigrad.teach.trace.watch import watched, with_caches
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
        self._ops = [row for row in reversed(rows) if row.kind == "op"]
        self.start: Place = self._ops[0].index, loss.node.index if isinstance(loss.node, Output) else 0
        with with_caches([row.record for row in self._ops]):
            self._go(loss, upstream)

    def _go(self, loss: Tensor, upstream: Array) -> None:
        rows = self._rows
        self._seen, self._final = watched(loss, upstream, rows)
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
        gradients = [one for dout, inward in self._seen.values() for one in (*_several(dout), *inward)]
        largest = max(magnitude(to_host(one)) for one in gradients if one is not None)
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
        douts = dout if type(dout) is tuple else (dout,) * record.count
        parts = Parts(record, dout, inward) if dout is not None else None
        checked = len(self._ops) <= CHECKED_ROWS
        hooked = {i for i, hooks in (record.hooks or {}).items() if any(type(hook) is not Retain for hook in hooks)}
        self._hooked |= {(row.index, i) for i in hooked}
        if any((row.index, i) in self._hooked for i in range(record.count)):
            self._hooked |= {(one.row, one.output) for one in row.arguments if one.row is not None}
        described = {
            "step": step,
            **plain_op(row),
            "upstream": [plain(one) for one in douts],
            "came": [[list(one) for one in self._came.get((row.index, i), [])] for i in range(record.count)],
            "hooked": bool(hooked),
            "checks": [self._check((row.index, i), one) if checked else None for i, one in enumerate(douts)],
            "inputs": [self._input(step, row, i, inward[i], parts) for i in range(len(row.arguments))],
            "cache": list(plain_cache(row, self._rows)),
        }
        described["waiting"] = list(self._waiting())
        described["not_finite"] = self._first_not_finite(douts, row, inward)
        return described

    def _input(self, step: int, row: Row, i: int, contribution: Array | None, parts: Parts | None) -> dict[str, Any]:
        """What goes to argument i of an op; it is added to what has arrived there."""
        argument, record = row.arguments[i], row.record
        if argument.row is None:
            constant = plain_constant(argument.constant)
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
            "sums": [] if parts is None else [plain_sum(one) for one in parts.of(i)],
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
        return None if found is None else plain_check(found)

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


def _several(dout: Any) -> tuple[Array | None, ...]:
    """The gradient of each output."""
    return dout if type(dout) is tuple else (dout,)


def is_finite(array: Array | None) -> bool:
    """Whether no element is NaN or Inf, as far as there is an array."""
    return array is None or bool(array_module(array).isfinite(array).all())


def _summed_axes(raw: tuple[int, ...], fitted: tuple[int, ...]) -> list[int]:
    """The axes of `raw` that are summed to give the shape `fitted`."""
    leading = len(raw) - len(fitted)
    return [*range(leading), *(leading + i for i, n in enumerate(fitted) if n == 1 and raw[leading + i] != 1)]
