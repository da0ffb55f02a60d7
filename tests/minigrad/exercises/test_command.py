"""`minigrad exercise`: what a terminal shows, the exit codes, and the JSON."""

import json

import pytest

from minigrad.cli import main
from minigrad.exercises import command, contents
from minigrad.exercises.report import Part, Report, Trouble
from tests.minigrad.exercises.answers import patched


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def run(capsys):
    def call(*words):
        try:
            code = main(["exercise", *words])
        except SystemExit as leaving:  # argparse's
            code = leaving.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def reports(monkeypatch):
    """What `check` says of each file, in place of a process that looks at it."""
    found = {}
    monkeypatch.setattr(command, "check", lambda file, **settings: found[str(file)])
    return found


def test_the_list_shows_all_and_which_are_begun(run):
    assert run("start", "relu")[0] == 0
    code, out, _ = run("list")
    assert code == 0
    assert all(f" {name} " in out for name in contents.NAMES)
    assert "• relu " in out
    assert out.count("•") == 2
    assert out.index("Warm-up") < out.index("The assignment") < out.index("Find the bug")


def test_start_writes_a_file_and_never_over_another(run, tmp_path):
    code, out, _ = run("start", "fc_relu")
    assert code == 0
    assert "minigrad exercise check fc_relu.py" in out
    assert (tmp_path / "fc_relu.py").read_text("utf-8") == contents.start("fc-relu")
    code, _, err = run("start", "fc-relu")
    assert code == 2
    assert "fc_relu.py is there already, and is left as it is" in err
    (tmp_path / "folder").mkdir()
    assert run("start", "fc-relu", "--out", "folder")[0] == run("start", "fc-relu", "--out", "mine.py")[0] == 0
    assert (tmp_path / "folder" / "fc_relu.py").exists()
    assert (tmp_path / "mine.py").exists()


@pytest.mark.parametrize("words", [("start", "fcc"), ("hint", "fcc"), ("solution", "fcc")])
def test_an_unknown_name_is_told_which_are_near(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err == "minigrad exercise: there is no exercise 'fcc'. Did you mean fc?\n"


def test_a_right_file_is_checked_for_real(run, tmp_path):
    (tmp_path / "answer.py").write_text(contents.solution("relu"))
    code, out, _ = run("check", "answer.py", "--json")
    assert code == 0
    whole = json.loads(out)
    assert (whole["points"], whole["possible"]) == (2, 2)
    (one,) = whole["exercises"]
    parts = one.pop("parts")
    assert one == {
        "exercise": "relu",
        "file": "answer.py",
        "verdict": "right",
        "points": 2,
        "possible": 2,
        "trouble": None,
        "printed": "",
    }
    right = {"verdict": "right", "points": 1, "possible": 1, "message": "", "cause": None, "example": ""}
    assert parts == [{"name": "dx", **right}, {"name": "float32", **right}]


def test_what_is_said_of_a_wrong_answer(run, reports, tmp_path):
    (tmp_path / "fc.py").write_text(patched("fc"))
    factor = Part("dw", "wrong", "too large by 2\nat [0] it is 4, differences say 2", "constant-factor", "fc([1], [2])")
    unknown = Part("db", "wrong", "wrong", "unknown")
    parts = [Part("dx"), factor, unknown, Part("float32", "not looked at")]
    reports["fc.py"] = Report("fc", "fc.py", parts, printed="\n".join(map(str, range(20))))
    code, out, _ = run("check", "fc.py")
    assert code == 1
    assert (
        out
        == """fc  The fully-connected layer, and its three gradients.

It printed:
  0
  1
  2
  3
  4
  5
  6
  7
  ...

✓ dx        right
✗ dw        too large by 2  (constant-factor)
            at [0] it is 4, differences say 2
            smallest failing call: fc([1], [2])
✗ db        wrong
– float32   not looked at

1 of 4 points.
Stuck?  minigrad exercise hint fc
"""
    )


def test_parts_of_which_the_same_is_said_share_a_line(run, reports, tmp_path):
    (tmp_path / "fc.py").write_text(patched("fc"))
    reports["fc.py"] = Report("fc", "fc.py", [Part(name, "not written yet", "not written yet: f") for name in "abc"])
    code, out, _ = run("check", "fc.py")
    assert code == 3
    assert "… a, b, c   not written yet: f\n" in out
    many = [Part(f"part {i}", "not written yet") for i in range(9)]
    reports["fc.py"] = Report("fc", "fc.py", many)
    assert "… part 0, ..., part 8   not written yet\n" in run("check", "fc.py")[1]


def test_without_a_file_all_exercises_of_the_folder_are_checked(run, reports, tmp_path):
    for name in ("fc", "relu"):
        (tmp_path / f"{name}.py").write_text(contents.start(name))
    (tmp_path / "other.py").write_text("x = 1")
    reports["fc.py"] = Report("fc", "fc.py", [Part("dx"), Part("dw")])
    reports["relu.py"] = Report("relu", "relu.py", [Part("dx", "not looked at")], Trouble("stopped", "stopped after 2"))
    code, out, _ = run("check")
    assert code == 5
    assert "All right: 2 of 2 points.\nNext:  minigrad exercise start relu\n" in out
    assert "✗ stopped after 2\n" in out
    assert out.endswith("1 of 2 exercises are right, 2 of 3 points.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check",), "there is no exercise in this folder"),
        (("check", "nope.py"), "there is no file nope.py"),
        (("check", "."), "is a directory"),
        (("check", "other.py"), "other.py does not say which exercise it answers"),
        (("hint", "nope.py"), "there is no file nope.py"),
        (("hint", "fc", "--step", "4"), "invalid choice: 4"),
        (("strip", "other.py"), "other.py has no # BEGIN SOLUTION: there is nothing to take out."),
        (("strip", "open.py"), "open.py, line 1: BEGIN SOLUTION has no END SOLUTION."),
        (("solve", "fc"), "invalid choice: 'solve'"),
    ],
)
def test_what_there_is_nothing_to_do_with_is_one_clear_error(run, tmp_path, words, said):
    (tmp_path / "other.py").write_text("x = 1")
    (tmp_path / "open.py").write_text("# BEGIN SOLUTION")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_each_hint_says_how_to_see_the_next_and_the_last_where_the_solution_is(run, tmp_path):
    (tmp_path / "mine.py").write_text(contents.start("fc"))
    code, out, _ = run("hint", "mine.py")
    assert code == 0
    assert "Hint 1 of 3: a nudge" in out
    assert out.endswith("minigrad exercise hint fc --step 2\n")
    assert run("hint", "fc", "--step", "3")[1].endswith("minigrad exercise solution fc\n")


def test_the_solution_is_a_file_that_runs(run):
    code, out, _ = run("solution", "conv2d")
    assert (code, out) == (0, contents.solution("conv2d"))


def test_strip_prints_or_writes(run, tmp_path):
    source = contents.source("relu")
    (tmp_path / "lab.py").write_text(source)
    assert run("strip", "lab.py") == (0, contents.start("relu"), "")
    assert run("strip", "lab.py", "--out", "student.py") == (0, "Written to student.py.\n", "")
    assert (tmp_path / "student.py").read_text() == contents.start("relu")
    notebook = {"cells": [{"cell_type": "code", "source": [source]}]}
    (tmp_path / "lab.ipynb").write_text(json.dumps(notebook))
    stripped = json.loads(run("strip", "lab.ipynb")[1])
    assert "".join(stripped["cells"][0]["source"]) == contents.start("relu")
