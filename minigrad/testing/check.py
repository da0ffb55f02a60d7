"""`check_file`: what is wrong with the ops in a student's file.

The file runs in a process of its own: it may loop for ever, end the process or print whatever it likes, and costs its
own line in the table only. When a process has to be ended, another one goes on with the next op.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minigrad.testing.process import Process, Silence
from minigrad.testing.report import NOT_CHECKED, OK, PASSING, UNDECIDED, WRONG, for_notebook

TIME_LIMIT = 60.0  # seconds for one op
TIME_OUT = "time-out"
IMPORT = "the file"  # the name of the row of a file that cannot be imported


@dataclass
class FileReport:
    """One row for each op. True if something was checked and all of it is right.

    rows: dicts {"op", "verdict", "gradients", "detail", "remarks"}, of JSON's types only.
    """

    path: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def checked(self) -> list[dict[str, Any]]:
        """The rows that say something about an op."""
        return [row for row in self.rows if row["verdict"] != NOT_CHECKED]

    @property
    def exit_code(self) -> int:
        """0: all right. 1: something is wrong. 2: nothing could be checked."""
        if not self.checked:
            return 2
        return 1 if any(is_wrong(row) for row in self.checked) else 0

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def as_json(self) -> dict[str, Any]:
        """`{"ops": [{"op", "verdict", "gradients": [{"name", "verdict", "cause", "detail"}]}]}`, and a little more."""
        return {"ops": self.rows}

    def __str__(self) -> str:
        return table(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return for_notebook(str(self))


def is_wrong(row: dict[str, Any]) -> bool:
    """Whether something is held against the op. What differences cannot decide is not."""
    return row["verdict"] not in (*PASSING, *UNDECIDED)


def check_file(
    path: str | Path,
    *,
    op: str | None = None,
    seed: int = 0,
    time_limit: float = TIME_LIMIT,
    on_row: Callable[[dict[str, Any]], None] | None = None,
) -> FileReport:
    """Check every `foo_forward`, `foo_backward` pair and every loss in a file, or the one that is named `op`.

    time_limit: seconds for the import, and for each op. seed: of all that is drawn.
    on_row: is called with each row as soon as it is there, for a progress bar.
    Raises FileNotFoundError for a file that is not there, and ValueError for an op that is not in it. Everything else
    that can go wrong is a row of the report. In a test: `assert check_file("layers.py")`.
    """
    if importlib.util.find_spec("hypothesis") is None:
        raise ImportError('the check needs Hypothesis: pip install "minigrad[testing]".')
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    report = FileReport(str(path))
    names: list[str] | None = None
    done: list[str] = []
    while names is None or len(done) < len(names):
        with _Worker(path, op, seed, skip=done) as process:
            for kind, content in process.messages(time_limit):
                if kind == "ops":
                    names = content
                    if op is not None and op not in content:
                        there = ", ".join(content) or "no ops at all"
                        raise ValueError(f"There is no op {op!r} in {path.name}; it has {there}.")
                    if op is not None:
                        names = [op]
                    continue
                row = content
                if kind == "failed":
                    row = {"op": process.current or IMPORT, "gradients": [], "remarks": [], **content}
                report.rows.append(row)
                done.append(row["op"])
                if on_row:
                    on_row(row)
                if row["op"] == IMPORT:
                    return report
    return report


class _Worker(Process):
    """The student's process. current: the op that it is at."""

    def __init__(self, path: Path, op: str | None, seed: int, skip: list[str]) -> None:
        self.current: str | None = None
        super().__init__("minigrad.testing.worker", {"path": str(path.resolve()), "op": op, "seed": seed, "skip": skip})

    def messages(self, time_limit: float) -> Any:
        """("ops", names), then ("row", row) for each; ("failed", {"verdict", "detail"}) for one that gave none."""
        while True:
            try:
                message = self.message(time_limit)
            except Silence:
                yield "failed", {"verdict": TIME_OUT, "detail": f"it was stopped after {time_limit:g} seconds"}
                return
            if message is None:
                if self.exit_code() != 0 or self.current is not None:
                    yield "failed", {"verdict": WRONG, "detail": f"it ended the process (exit code {self.exit_code()})"}
                return
            kind, content = message
            if kind == "start":
                self.current = content
                continue
            yield kind, content
            if kind == "row":
                self.current = None


def table(report: FileReport) -> str:
    """The report for a learner: a line for each gradient, and below it what is wrong, and what to do."""
    if not report.rows:
        return f"{report.path}: no op was found. A pair is named foo_forward, foo_backward; a loss foo_loss."
    width = max(len(row["op"]) for row in report.rows)
    lines = []
    for row in report.rows:
        lines.append(f"{_mark(row['verdict'])} {row['op']:<{width}}  {row['verdict']}")
        if row["detail"]:
            lines.append(f"    {row['detail']}")
        for one in row["gradients"]:
            cause = f" — {one['cause']}" if one["cause"] else ""
            lines.append(f"    {_mark(one['verdict'])} {one['name']:<8} {one['verdict']}{cause}")
            if one["detail"] and one["verdict"] != OK:
                lines.append(f"        {one['detail']}")
            if one["example"]:
                lines.append(f"        smallest failing call: {one['example']}")
        lines += [f"    note: {remark}" for remark in row["remarks"]]
    return "\n".join([*lines, "", summary(report)])


def summary(report: FileReport) -> str:
    """One line: how many ops are right."""
    wrong = sum(is_wrong(row) for row in report.checked)
    unchecked = len(report.rows) - len(report.checked)
    parts = [f"{len(report.checked) - wrong} of {len(report.checked)} ops are right"] if report.checked else []
    if unchecked:
        parts.append(f"{unchecked} could not be checked")
    return f"{report.path}: {', '.join(parts)}."


def _mark(verdict: str) -> str:
    return "✓" if verdict in PASSING else "?" if verdict in UNDECIDED else "✗"
