"""Timing several versions of the same work on a noisy machine: run them in turn, and compare medians."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Median seconds of one run of each, `minigrad` and the `other`, and the ratio that the project promises."""

    name: str
    unit: str
    minigrad: float
    other: float
    promised: float

    @property
    def ratio(self) -> float:
        return self.minigrad / self.other


def compare(
    name: str,
    minigrad: Callable[[], object],
    others: Mapping[str, Callable[[], object]],
    promised: float,
    *,
    rounds: int,
    per_run: int = 1,
    unit: str = "ms",
) -> list[Comparison]:
    """Run minigrad and each variant of the other library in turn, `rounds` times after three to warm up.

    There is a comparison for each variant.
    per_run: how many units of work a run does.
    """
    runs = {"minigrad": minigrad, **others}
    times: dict[str, list[float]] = {who: [] for who in runs}
    for _ in range(rounds + 3):
        for who, run in runs.items():
            # Also long enough for the threads of the other library, which spin after their work, to go to sleep.
            gc.collect()
            start = time.perf_counter()
            run()
            times[who].append((time.perf_counter() - start) / per_run)
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    median = {who: statistics.median(kept[3:]) * scale for who, kept in times.items()}
    names = {variant: f"{name}, PyTorch in {variant}" if variant else name for variant in others}
    return [Comparison(names[variant], unit, median["minigrad"], median[variant], promised) for variant in others]


def table(comparisons: list[Comparison]) -> str:
    """The comparisons as text."""
    lines = [f"{'':44s} {'minigrad':>12s} {'PyTorch':>12s} {'ratio':>7s} {'promised':>9s}"]
    for c in comparisons:
        times = f"{c.minigrad:9.2f} {c.unit} {c.other:9.2f} {c.unit}"
        lines.append(f"{c.name:44s} {times} {c.ratio:7.2f} {'<=':>4s} {c.promised:.2f}")
    return "\n".join(lines)
