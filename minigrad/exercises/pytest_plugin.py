"""A pytest plugin for graders: `pytest -p minigrad.exercises.pytest_plugin fc.py relu.py`.

Every part of an answer is a test, with its points in the JUnit report. A teacher's own tests find the file that
`--submission` names, judged, in the fixture `submission`. It is not loaded by itself: whoever has the library installed
would have it in every test run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from minigrad.exercises import contents
from minigrad.exercises.checking import TIME_LIMIT, check
from minigrad.exercises.questions import QUESTIONS
from minigrad.exercises.report import Report


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("minigrad")
    group.addoption("--submission", metavar="FILE", help="the answer to an exercise, for the fixture `submission`")
    group.addoption(
        "--exercise-time-limit", type=float, default=TIME_LIMIT, metavar="SECONDS", help="for each file with an answer"
    )


@pytest.fixture(scope="session")
def submission(request: pytest.FixtureRequest) -> Report:
    """The report on the file that --submission names."""
    file = request.config.getoption("--submission")
    if file is None:
        raise pytest.UsageError("the fixture `submission` needs the option --submission FILE.")
    return check(file, time_limit=request.config.getoption("--exercise-time-limit"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An answer that lies in a folder of tests. (One that is named on the command line comes to the next function.)"""
    named = parent.session.isinitpath(file_path)
    return None if named or not _is_answer(file_path) else AnswerFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Not a module to be imported here: it may do anything."""
    return AnswerFile.from_parent(parent, path=module_path) if _is_answer(module_path) else None


class AnswerFile(pytest.File):
    """A student's file. It is judged once, when its first part is asked for."""

    @cached_property
    def report(self) -> Report:
        return check(self.path, time_limit=self.config.getoption("--exercise-time-limit"))

    def collect(self) -> Iterator[pytest.Item]:
        exercise = contents.exercise_of(self.path)
        return (AnswerPart.from_parent(self, name=name) for name in QUESTIONS[exercise].parts)


class AnswerPart(pytest.Item):
    """A part of an answer: a test that passes if it is right."""

    def runtest(self) -> None:
        assert isinstance(self.parent, AnswerFile)
        report = self.parent.report
        part = report.part(self.name)
        self.user_properties += [("points", part.points), ("possible", part.possible)]
        if not part:
            trouble = report.trouble.message if report.trouble else ""
            raise NotRight(f"{self.name}: {trouble or part.message or part.verdict}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, NotRight) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}: {self.name}"


class NotRight(Exception):
    """What is said of a part that is not right."""


def _is_answer(path: Path) -> bool:
    return path.suffix == ".py" and contents.has_header(path)
