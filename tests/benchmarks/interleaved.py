"""Timing several versions of the same work on a noisy machine: run them in turn, and compare medians."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Median time of one run of each, `minigrad` and the `other`, and the ratio that the project promises.

    Without an other one there is nothing to compare with, and without a promise nothing was promised.
    """

    name: str
    unit: str
    minigrad: float
    other: float | None
    promised: float | None

    @property
    def ratio(self) -> float | None:
        return None if self.other is None else self.minigrad / self.other


def wall_clock(run: Callable[[], object]) -> float:
    """Seconds that a run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(
    name: str,
    minigrad: Callable[[], object],
    others: Mapping[str, Callable[[], object]],
    promised: float | None,
    *,
    rounds: int,
    per_run: int = 1,
    unit: str = "ms",
    seconds_of: Callable[[Callable[[], object]], float] = wall_clock,
) -> list[Comparison]:
    """Run minigrad and each variant of the other library in turn, `rounds` times after three to warm up.

    There is a comparison for each variant; one of minigrad alone, if there is none.
    per_run: how many units of work a run does. seconds_of: the clock.
    """
    runs = {"minigrad": minigrad, **others}
    times: dict[str, list[float]] = {who: [] for who in runs}
    for _ in range(rounds + 3):
        for who, run in runs.items():
            # Also long enough for the threads of the other library, which spin after their work, to go to sleep.
            gc.collect()
            times[who].append(seconds_of(run) / per_run)
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    median = {who: statistics.median(kept[3:]) * scale for who, kept in times.items()}
    if not others:
        return [Comparison(name, unit, median["minigrad"], None, promised)]
    names = {variant: f"{name}, PyTorch in {variant}" if variant else name for variant in others}
    return [Comparison(names[variant], unit, median["minigrad"], median[variant], promised) for variant in others]


def table(comparisons: list[Comparison]) -> str:
    """The comparisons as text."""
    width = max(44, *(len(c.name) for c in comparisons))
    promises = "promised" if any(c.promised is not None for c in comparisons) else ""
    lines = [f"{'':{width}s} {'minigrad':>12s} {'PyTorch':>12s} {'ratio':>7s} {promises:>9s}".rstrip()]
    for c in comparisons:
        other = f"{'-':>12s} {'-':>7s}" if c.other is None else f"{c.other:9.2f} {c.unit} {c.ratio:7.2f}"
        promised = "" if c.promised is None else f"{'<=':>4s} {c.promised:.2f}"
        lines.append(f"{c.name:{width}s} {c.minigrad:9.2f} {c.unit} {other} {promised}".rstrip())
    return "\n".join(lines)
