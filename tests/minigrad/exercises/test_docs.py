"""What the documents show is what is there."""

import json
import re
from pathlib import Path

import pytest

from minigrad.exercises import contents, judge
from minigrad.exercises import report as reports
from minigrad.exercises.terminal import report
from minigrad.teach.colours import Colours
from tests.minigrad.exercises.answers import namespace, patched

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def students_page():
    return (DOCS / "exercises.md").read_text("utf-8")


@pytest.fixture
def teachers_page():
    return (DOCS / "grading.md").read_text("utf-8")


def test_the_example_is_what_the_check_says(students_page, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    wrong = patched("fc", ("dw = rows.T @ dout", "dw = 2 * rows.T @ dout"), ("db = dout.sum(axis=0)", "db = dout"))
    shown = re.search(r"```text\n(.*?)```", students_page, re.DOTALL)[1]
    assert report(judge("fc", namespace(wrong)), Colours(False)) == shown.strip()


def test_every_exercise_is_in_the_students_table(students_page):
    table = students_page.partition("## All of them")[2]
    assert re.findall(r"`([\w-]+)`(?=[,` |])", table.partition("## Good to know")[0]) == list(contents.NAMES)


def test_the_exit_codes_are_those_of_the_teachers_table(teachers_page):
    rows = dict(re.findall(r"^\| (\d) \| (.*?)[.,:|]", teachers_page, re.MULTILINE))
    assert {int(code) for code in rows} == {2, *reports.EXIT_CODES.values()}


def test_the_json_has_the_fields_that_the_teachers_page_shows(teachers_page):
    shown = json.loads(re.search(r"```json\n(.*?)```", teachers_page, re.DOTALL)[1])
    (one,) = shown["exercises"]
    real = judge("relu", namespace(contents.start("relu")), examples=2).as_json()
    assert list(one) == list(real)
    assert list(one["parts"][0]) == list(real["parts"][0])
