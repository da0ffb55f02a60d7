"""A file in a process of its own: whatever it does becomes a line of the report."""

import sys

import pytest

from minigrad.exercises import check, contents
from tests.minigrad.exercises.answers import patched

DX = "dx = (dout @ w.T).reshape(x.shape)"
LIMIT = 6.0  # seconds, for those that never end: on a busy machine the question itself takes two


@pytest.fixture
def file(tmp_path):
    def write(text, name="answer.py"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_right_answer_is_right_whatever_lies_beside_it_and_prints_are_shown(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file("raise ValueError('this is no module for you')", "random.py")
    file("def twice(x):\n    return x + x\n", "neighbour.py")
    text = patched("square", ("    return x * x, x", "    print('squaring')\n    return x * x, x"))
    text = text.replace("dout * 2 * x", "dout * twice(x)").replace(
        '"""\n\n\ndef', '"""\nfrom neighbour import twice\n\n\ndef'
    )
    path = file(text)
    report = check(path)
    assert report, report
    assert report.printed.startswith("squaring\nsquaring\n")
    assert report.printed.endswith("\n...")
    assert len(report.printed) < 2100
    assert sorted(one.name for one in path.parent.iterdir()) == ["answer.py", "neighbour.py", "random.py"]


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        (DX, "while True: pass", "stopped after 6 seconds. Is there a loop that never ends?", "while True: pass"),
        (DX, "import os; os._exit(0)", "ended before its time", None),
        (DX, "import ctypes; ctypes.string_at(0)", "a segmentation fault", "import ctypes; ctypes.string_at(0)"),
    ],
)
def test_a_process_that_ends_before_its_time_says_where(file, old, new, said, line):
    report = check(file(patched("fc", (old, new)), "réponse.py"), time_limit=LIMIT if "while" in new else 60)
    assert (report.verdict, report.exit_code, report.points, report.possible) == ("stopped", 5, 0, 4)
    assert said in report.trouble.message
    if line:
        assert report.trouble.message.endswith(f"\nline {report.trouble.line}, in fc_backward: {line}")


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is limited on Linux only")
def test_too_large_an_array_is_no_trouble_for_the_machine(file):
    report = check(file(patched("fc", (DX, "a = bytearray(6 * 2**30)"))))
    assert report.exit_code == 1
    assert "fc_backward asks for more memory than there is" in report.parts[0].message


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        (
            "x = 1\ndef f(:\n    pass\n",
            "line 3: invalid syntax\n    def f(:\n          ^\nPython cannot read the file",
            3,
        ),
        (
            "import nothing_there\n",
            "raises ModuleNotFoundError: No module named 'nothing_there'\nline 2, in <module>",
            2,
        ),
        ("import sys\nsys.exit(4)\n", "the file ends the program (SystemExit: 4)", 3),
    ],
)
def test_a_file_that_does_not_run_says_where(file, text, said, line):
    report = check(file(f"# minigrad exercise: relu\n{text}"))
    assert (report.verdict, report.exit_code) == ("does not run", 4)
    assert said in report.trouble.message
    assert report.trouble.line == line
    assert [part.verdict for part in report.parts] == ["not looked at"] * 2


def test_the_header_or_else_the_name_says_which_exercise_it_is(file):
    headless = contents.start("relu").partition("\n")[2]
    assert contents.exercise_of(file(headless, "ReLU.py")) == "relu"
    assert contents.exercise_of(file(headless, "max_pool2d.py")) == "max-pool2d"
    assert contents.exercise_of(file("\n\n## minigrad exercise: fc_relu", "relu.py")) == "fc-relu"
    with pytest.raises(contents.UnknownExercise, match=r"homework.py does not say which exercise it answers"):
        check(file(headless, "homework.py"))
    with pytest.raises(contents.UnknownExercise, match=r"no exercise 'rely'. Did you mean relu\?"):
        check(file("# minigrad exercise: rely\n"))


def test_what_cannot_be_read_is_one_clear_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        check(tmp_path / "fc.py")
    with pytest.raises(IsADirectoryError):
        check(tmp_path)
    with pytest.raises(ValueError, match="time limit must be more than 0 seconds, got -1"):
        check(tmp_path / "fc.py", time_limit=-1)
