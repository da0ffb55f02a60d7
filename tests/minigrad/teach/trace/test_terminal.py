"""A trace in the terminal: the same steps as text, walked forwards and back."""

import builtins
import sys

import pytest

from minigrad import cli
from minigrad.teach.colours import Colours, colours_for
from minigrad.teach.script import demo, trace_script
from minigrad.teach.trace import terminal
from minigrad.teach.trace.terminal import step_as_text

STEP_2 = """\
step 2 of 3  mul   c = b + b * a  diamond.py:6
  upstream: the gradient of b * a is 1   from step 1   ✓ measured 1
  → b  dx = dout ⊙ y
      upstream × local  1 × 3 = 3
      gradient of b: 1 + 3 = 4   received 2 of 2: complete
  → a  dy = dout ⊙ x
      upstream × local  1 × 6 = 6
      gradient of a: — (no gradient yet) → 6   received 1 of 3: waits for the rest
  still waiting for contributions: a (has 1 of 3)"""


@pytest.fixture
def trace():
    return trace_script(demo("diamond"), "diamond.py")


def test_a_step_in_words(trace):
    assert step_as_text(trace, 1, Colours(on=False)) == STEP_2


def test_broadcasting_is_told(capsys):
    assert cli.main(["step", "--demo", "mlp"]) == 0
    assert "it had been broadcast: summed over axis 0, (4, 3) → (3,)" in capsys.readouterr().out


def test_colours_only_in_a_terminal_that_wants_them(trace, monkeypatch):
    assert "\033[" in step_as_text(trace, 1, Colours(on=True))

    class Terminal:
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\033[" in colours_for(Terminal()).strong("x") and colours_for(sys.stdout).strong("x") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert colours_for(Terminal()).strong("x") == "x"


def walked(trace, monkeypatch, capsys, *answers):
    """The first words of what is shown, when these are the answers."""
    given = iter(answers)

    def answer(_):
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(builtins, "input", answer)
    terminal._walk(trace, Colours(on=False))
    shown = capsys.readouterr().out.split("\n")
    return [line.split("  ")[0] for line in shown if line.startswith(("step", "what", "There"))]


def test_it_is_walked_forwards_and_back(trace, monkeypatch, capsys):
    end = "what backward() adds to .grad, 1 in all"
    assert walked(trace, monkeypatch, capsys, "", "b", "b", "3", "n", "n", "q") == [
        *("step 1 of 3", "step 2 of 3", "step 1 of 3", "step 1 of 3", "step 3 of 3", end, end),
    ]
    assert walked(trace, monkeypatch, capsys, "e", "") == ["step 1 of 3", end]
    assert walked(trace, monkeypatch, capsys, "9") == ["step 1 of 3", "There are steps 1 to 3.", "step 1 of 3"]


def test_the_command(tmp_path, capsys):
    script = tmp_path / "mine.py"
    script.write_text("import minigrad as mg\na = mg.tensor(2.0, requires_grad=True)\nb = a * a\n", "utf-8")
    assert cli.main(["step", f"{script}:b"]) == 0
    assert capsys.readouterr().out.startswith("step 1 of 1  mul   b = a * a  mine.py:3")
    assert cli.main(["step", f"{script}:b", "--html", str(tmp_path / "b.html")]) == 0
    assert (tmp_path / "b.html").read_text("utf-8").startswith("<!doctype html>")
    capsys.readouterr()
    assert cli.main(["step", f"{script}:b", "--json"]) == 0
    assert capsys.readouterr().out.startswith('[\n  {\n    "step": 0')


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("loss = 1 / 0", "raised an error"),
        ("import minigrad as mg; loss = mg.ones(1)", "has no graph"),
        ("x = 3", "there is none of that name"),
        (None, "there is no file"),
    ],
)
def test_mistakes_are_told_in_words_with_exit_code_2(source, words, tmp_path, capsys):
    script = tmp_path / "mine.py"
    if source is not None:
        script.write_text(source, "utf-8")
    assert cli.main(["step", str(script)]) == 2
    assert words in capsys.readouterr().err
