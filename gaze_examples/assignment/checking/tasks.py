"""The table of tasks, with the points of their parts; `check`, of one task, and `grade`, of all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gaze_examples.assignment.checking import cnns, layers, networks, training
from gaze_examples.assignment.checking.work import Step, Work
from gaze_examples.assignment.cnns import CNNWithBatchNorm, CNNWithoutBatchNorm
from gaze_examples.assignment.nets import FullyConnectedNet, TwoLayerNet
from minigrad.exercises.report import Part, Report


@dataclass(frozen=True)
class Task:
    """points: of each part, in order. judge: gives the parts. words: points for what a person reads. extra: its points
    come on top."""

    points: Mapping[str, int]
    judge: Callable[[Work], Iterable[Part]]
    words: int = 0
    extra: bool = False


def _steps(steps: Mapping[str, Step], points: Iterable[int], words: int = 0, extra: bool = False) -> Task:
    return Task(dict(zip(steps, points, strict=True)), lambda work: work.parts(steps), words, extra)


def _exercise(name: str, points: Mapping[str, int]) -> Task:
    return Task(points, layers.exercise(name, list(points)))


TASKS: dict[str, Task] = {
    "1.1": _exercise("fc", {"forward": 3}),
    "1.2": _exercise("fc", {"dx": 1, "dw": 2, "db": 1, "float32": 1}),
    "1.3": _exercise("relu", {"forward": 2}),
    "1.4": _exercise("relu", {"dx": 2, "float32": 1, "at 0": 1}),
    "1.5": _exercise("softmax-loss", {"loss": 3, "dx": 3, "float32": 1, "large scores": 1}),
    "1.6": _steps(networks.steps(TwoLayerNet, hidden_dim=5), (2, 2, 2, 2, 2)),
    "1.7": _steps(training.solver("TwoLayerNet", at_least=50), (1, 2)),
    "1.8": _steps(networks.steps(FullyConnectedNet, hidden_dims=[5, 6]), (3, 3, 3, 3, 3)),
    "1.9": _steps({**layers.UPDATE_RULE, "comparison": training.comparison}, (1, 1, 1, 1, 1)),
    "1.10": _steps({"55 % on validation": training.is_as_good("best_model", 55)}, (5,)),
    "2.1": _steps(cnns.architecture(CNNWithoutBatchNorm), (4, 6)),
    "2.2": _steps({"step": cnns.train_step, "45 % on validation": training.is_as_good("cnn", 45)}, (3, 2)),
    "2.3": _steps(cnns.architecture(CNNWithBatchNorm), (2, 3)),
    "2.4": _steps(
        {
            "60 % on validation": training.is_as_good("cnn_bn", 60),
            "better than without": training.is_better("cnn_bn", than="cnn"),
            "filters": cnns.filters,
        },
        (3, 2, 5),
    ),
    "3.1": _steps({name: cnns.parameters(name, net) for name, net in cnns.NETWORKS.items()}, (1, 1, 1), words=2),
    "3.2": _steps(layers.LONG_RUN, (1, 1), words=3),
    "4": _steps({"better than task 2.4": training.is_better("improved", than="cnn_bn")}, (5,), extra=True),
}


def check(task: str, names: Mapping[str, Any]) -> Report:
    """What is right of a task, and what is not: `check("1.2", globals())` in a cell below the answer.

    names: of the notebook; `dataset` among them is the data that networks are measured on.
    Returns a Report, which prints itself. Its `points` are those of the parts that are right.
    """
    if task not in TASKS:
        raise ValueError(f"there is no task {task!r}; the tasks are {', '.join(TASKS)}.")
    one, before = TASKS[task], np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = [replace(part, possible=one.points[part.name]) for part in one.judge(Work(names))]
    finally:
        np.random.set_state(before)  # what the notebook draws next does not depend on whether it was checked
    return Report(f"Task {task}", parts=_said_once(parts))


def _said_once(parts: Sequence[Part]) -> list[Part]:
    """The parts; what is said of one is not said again of those below it."""
    said = [part.message for part in parts]
    return [replace(part, message="") if part.message in said[:i] else part for i, part in enumerate(parts)]


@dataclass(frozen=True)
class Grades:
    """The reports of all tasks, by task. `str` is a table of their points."""

    reports: Mapping[str, Report]

    @property
    def points(self) -> int:
        """Of all tasks, extra ones included; without those that a person gives for words."""
        return sum(report.points for report in self.reports.values())

    @property
    def possible(self) -> int:
        """The points that can be had so, without the extra ones."""
        return sum(report.possible for task, report in self.reports.items() if not TASKS[task].extra)

    def __str__(self) -> str:
        rows = []
        for task, report in self.reports.items():
            words = f"; {TASKS[task].words} more for your words" if TASKS[task].words else ""
            of = "extra" if TASKS[task].extra else f"of {report.possible:2}"
            rows.append(f"{task:4}  {report.points:2} {of}  {report.verdict}{words}")
        more = sum(task.words for task in TASKS.values())
        return "\n".join([*rows, f"{self.points} of {self.possible} points; {more} more for your words."])

    __repr__ = __str__


def grade(names: Mapping[str, Any]) -> Grades:
    """All tasks at once: `grade(globals())`."""
    return Grades({task: check(task, names) for task in TASKS})
