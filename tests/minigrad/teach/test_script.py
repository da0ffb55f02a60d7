"""Scripts are run as Python runs them, and what they raise is told without our own lines."""

import os
import sys

import pytest

from minigrad.teach.script import DEMOS, ScriptError, demo, graph_script, run_script, trace_script

DIAMOND = "import minigrad as mg\na = mg.tensor(3.0, requires_grad=True)\nloss = a * a\n"


def test_every_script_of_the_folder_is_a_demo_and_says_what_there_is_to_see():
    import minigrad.teach

    folder = os.path.join(os.path.dirname(minigrad.teach.__file__), "demos")
    assert {name.removesuffix(".py") for name in os.listdir(folder) if name.endswith(".py")} == set(DEMOS)
    assert all(demo(name).startswith("# ") for name in DEMOS)
    with pytest.raises(ValueError, match="There is no demo 'nix'; there are diamond"):
        demo("nix")


def test_lines_of_a_script_that_lies_in_no_file_are_told():
    trace = trace_script(DIAMOND, "made_up.py")
    assert (trace.steps[0]["source"], trace.steps[0]["file"], trace.steps[0]["line"]) == (
        "loss = a * a",
        "made_up.py",
        3,
    )
    assert trace.is_kept


def test_another_variable_may_hold_the_result():
    assert trace_script(DIAMOND + "other = loss + 1", "s.py", "other").name == "other"
    with pytest.raises(ValueError, match=r"but there is none of that name\. Those with a graph are loss: name one"):
        trace_script(DIAMOND, "s.py", "out")
    with pytest.raises(ValueError, match=r"but it is of type int\. None has a graph"):
        trace_script("loss = 3", "s.py")


def test_the_graph_behind_a_result():
    drawn = graph_script(DIAMOND, "s.py")
    assert [node.lines[0] for node in drawn.nodes] == ["a = 3", "*", "loss = 9"]
    with pytest.raises(ValueError, match="there is none of that name"):
        graph_script(DIAMOND, "s.py", "out")


def test_a_script_that_calls_backward_is_traced_all_the_same():
    trace = trace_script(DIAMOND + "loss.backward()", "s.py")
    assert trace.gradients[0]["gradient"]["values"] == [6]


def test_it_is_main_and_finds_what_lies_beside_it(tmp_path):
    (tmp_path / "beside_it.py").write_text("number = 5")
    path, arguments = sys.path[:], sys.argv[:]
    variables = run_script("import sys, beside_it\nme, given = __name__, list(sys.argv)", str(tmp_path / "script.py"))
    sys.modules.pop("beside_it")
    assert variables["me"] == "__main__" and variables["given"] == [str(tmp_path / "script.py")]
    assert (sys.path, sys.argv) == (path, arguments)


def test_exit_ends_it_and_is_no_error():
    assert run_script("x = 1\nraise SystemExit\nx = 2", "s.py")["x"] == 1


@pytest.mark.parametrize("source", ["x = 1\ny = 1 / 0", "def f():\n    raise ValueError('no')\nf()", "x = (1"])
def test_an_error_is_told_with_the_scripts_own_lines(source):
    with pytest.raises(ScriptError) as caught:
        run_script(source, "s.py")
    told = str(caught.value)
    assert told.startswith("s.py raised an error.\n") and 'File "s.py"' in told and "script.py" not in told
