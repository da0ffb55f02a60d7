"""The command line as a whole; what each command does is tested with what it shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
from minigrad.cli import main

SQUARE = "import minigrad as mg\nx = mg.tensor(3.0, requires_grad=True)\nloss = x * x\n"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("words", "said"), [([], "doctor "), (["--version"], f"minigrad {mg.__version__}\n")])
def test_alone_it_says_what_it_can_do_and_with_version_which_it_is(capsys, words, said):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0 and said in capsys.readouterr().out


def test_a_file_that_is_not_there_and_a_folder_that_is_not_there_are_told_apart(capsys, tmp_path):
    for words, said in (
        (["step", "none.py"], "minigrad step: there is no file none.py.\n"),
        (["graph", "none.py"], "minigrad graph: there is no file none.py.\n"),
        (
            ["explain", "relu", "--html", "none/relu.html"],
            f"minigrad explain: there is no folder {tmp_path / 'none'}.\n",
        ),
    ):
        assert main(words) == 2
        assert capsys.readouterr().err == said


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_reader_that_has_seen_enough_is_no_error():
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": str(Path(mg.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-m", "minigrad", "explain", "relu"], stdout=write, stderr=subprocess.PIPE, env=environment
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_nobody_need_read_what_it_prints(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)  # as Python has it where it was closed
    assert main(["explain", "softmax"]) == 0


def test_what_is_written_is_named(capsys, tmp_path):
    (tmp_path / "square.py").write_text(SQUARE)
    for words, file in (
        (["graph", "square.py", "--out", "square.dot"], "square.dot"),
        (["step", "square.py", "--html", "square.html"], "square.html"),
        (["explain", "relu", "--html", "relu.html"], "relu.html"),
    ):
        assert main(words) == 0
        assert capsys.readouterr().out.startswith(f"Written to {file}") and (tmp_path / file).is_file()
