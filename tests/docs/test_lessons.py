"""The lessons as files: what every one of them has. That they run is seen when the documents are built."""

import ast
import re
from pathlib import Path

import pytest

from minigrad.exercises.contents import NAMES

LESSONS = sorted((Path(__file__).parents[2] / "docs" / "lessons").glob("[0-9][0-9]-*.md"))

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return request.param.read_text("utf-8")


def cells(text: str) -> list[str]:
    """The code of each cell, without its options and the notebook's own commands."""
    found = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^(:tags:|[%!]).*$", "", code, flags=re.MULTILINE) for code in found]


def sections(text: str) -> list[str]:
    """The headings, without what looks like one in a block of code."""
    prose = re.sub(r"^(```|:::).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^##? .*$", prose, re.MULTILINE)


def test_lessons_are_numbered_without_a_gap():
    assert [int(path.name[:2]) for path in LESSONS] == list(range(1, len(LESSONS) + 1))


def test_a_lesson_is_a_notebook(lesson):
    assert lesson.startswith(HEADER)
    assert lesson.removeprefix(HEADER).lstrip().startswith("# ")


def test_a_lesson_says_what_is_coming_and_ends_in_exercises(lesson):
    title, first, *_, last = sections(lesson)
    assert title.startswith("# ")
    assert first == "## What you will see"
    assert last == "## Exercises"


def test_every_cell_is_python(lesson):
    assert cells(lesson)
    for code in cells(lesson):
        ast.parse(code)


def test_there_are_at_least_three_exercises_and_paper_ones_have_an_answer(lesson):
    exercises = lesson.rpartition("## Exercises")[2]
    answers = exercises.count("{dropdown} Answer")
    assert answers + ("minigrad exercise start" in exercises) >= 3


def test_exercises_are_called_by_their_names(lesson):
    named = re.findall(r"minigrad exercise (?:start|check|hint|solution) ([\w-]+)", lesson)
    assert set(named) <= set(NAMES)


def test_lessons_point_to_files_that_are_there(lesson):
    for target in re.findall(r"\]\(([\w./-]+\.md)", lesson):
        assert (LESSONS[0].parent / target).is_file(), target
