"""The tape's own walk backwards, watched.

It is the walk of the tape itself: the same records in the same order, the same backward passes, the same sums. Only
that nothing is left of it: no `.grad` changes, and the graph can still be used. (A hook on a tensor runs, since what it
returns is part of the gradient.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from minigrad import tape
from minigrad.backend import Array
from minigrad.tape import FREED, Record, arrays_in, edits, state
from minigrad.teach.rows import Row
from minigrad.teach.trace.replay import copied
from minigrad.tensor import Retain, Tensor


@contextmanager
def with_caches(records: list[Record]) -> Iterator[None]:
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


def watched(loss: Tensor, upstream: Array, rows: list[Row]) -> tuple[dict[Record, Any], dict[int, Array | None]]:
    """What was seen at each record, and the gradient of each leaf by its row. Afterwards all is as it was."""
    leaves = [row for row in rows if row.kind == "parameter"]
    records = [row.record for row in rows if row.kind == "op"]
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
