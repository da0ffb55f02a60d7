"""`minigrad check`: one row for each op of a student's file, whatever the file does."""

import json

import pytest

from minigrad.cli import main
from minigrad.testing import check_file

RIGHT = """
import numpy as np

def fc_forward(x, w, b):
    print("students print")
    return x.reshape(len(x), -1) @ w + b, (x, w)

def fc_backward(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)

def softmax_loss(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(x)
"""

WRONG = """
import os
import time
import numpy as np

def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dout, x):
    return dout * (dout > 0)

def loop_forward(x):
    return 2 * x, None

def loop_backward(dout, cache):
    while True:
        time.sleep(1)

def loop_example_inputs():
    return (np.ones(2),)

def nothing_forward(x):
    return 2 * x, None

def nothing_backward(dout, cache):
    pass

def nothing_example_inputs():
    return np.ones(2)

def pair_forward(x, y, power=1):
    return x * y**power, (x, y, power)

def pair_backward(dout, cache):
    return dout * cache[1]

def pair_example_inputs():
    return np.ones(2), np.full(2, 3.0), {"power": 2}

def leaving_forward(x):
    os._exit(3)

def leaving_backward(dout, cache):
    return dout

def leaving_example_inputs():
    return (np.ones(2),)

def column_forward(x):
    return 3 * x, None

def column_backward(dout, cache):
    return 3 * dout[:, None]

def column_example_inputs(rng):
    return [(rng.random(2),), (rng.random(3),)]

def raising_forward(x):
    raise ValueError("not yet written")

def raising_backward(dout, cache):
    return dout

def raising_example_inputs():
    return (np.ones(2),)

def unheard_of_forward(x):
    return x, None

def unheard_of_backward(dout, cache):
    return dout

def lonely_forward(x):
    return x, None

def sum_forward(x, axis):
    return x.sum(axis=axis), (x.shape, axis)

def sum_backward(dout, cache):
    shape, axis = cache
    return np.broadcast_to(np.expand_dims(dout, axis), shape).copy()

def mul_forward(x, y):
    return x + y, (x, y)

def mul_backward(dout, cache):
    return dout, dout
"""


@pytest.fixture
def file(tmp_path):
    def write(text, name="layers.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """The report of the file of mistakes, which takes a while."""
    path = tmp_path_factory.mktemp("students") / "layers.py"
    path.write_text(WRONG)
    return check_file(path, time_limit=10)


def row(report, op):
    return next(row for row in report.rows if row["op"] == op)


def test_a_right_file_is_right_and_its_prints_are_not_seen(file, capfd):
    assert main(["check", str(file(RIGHT))]) == 0
    out, _ = capfd.readouterr()
    assert "students print" not in out
    assert "2 of 2 ops are right." in out
    assert "✓ dw" in out


def test_a_notebook_shows_the_table(wrong):
    assert wrong._repr_html_().count("</div>") == len(str(wrong).splitlines()) + 1


def test_every_op_has_its_row_and_none_stops_the_others(wrong):
    names = [row["op"] for row in wrong.rows]
    assert names == [
        "relu",
        "loop",
        "nothing",
        "pair",
        "leaving",
        "column",
        "raising",
        "unheard_of",
        "lonely",
        "sum",
        "mul",
    ]
    assert wrong.exit_code == 1
    assert not wrong


def test_a_wrong_gradient_has_its_cause(wrong):
    assert row(wrong, "relu")["gradients"][0]["cause"] == "wrong-mask"
    assert row(wrong, "sum")["verdict"] == "ok"


@pytest.mark.parametrize(
    ("op", "verdict", "said"),
    [
        ("loop", "time-out", "stopped after 10 seconds"),
        ("leaving", "wrong", "ended the process"),
        ("unheard_of", "not checked", "unheard_of_example_inputs()"),
        ("lonely", "not checked", "no lonely_backward"),
        ("mul", "wrong", "not that of the library's own op"),
    ],
)
def test_what_happens_to_an_op_is_its_detail(wrong, op, verdict, said):
    assert row(wrong, op)["verdict"] == verdict
    assert said in row(wrong, op)["detail"]


@pytest.mark.parametrize(
    ("op", "said"),
    [
        ("nothing", "returned None"),
        ("pair", "must return 2 gradients (dx, dy), got 1"),
        ("column", "reshape it"),
        ("raising", "not yet written"),
    ],
)
def test_what_is_no_gradient_is_wrong(wrong, op, said):
    found = row(wrong, op)
    assert found["verdict"] == "wrong"
    assert said in found["gradients"][0]["detail"]


def test_json_has_the_promised_form(file, capfd):
    assert main(["check", str(file(WRONG)), "--json", "--op", "relu", "--seed", "3"]) == 1
    (found,) = json.loads(capfd.readouterr().out)["ops"]
    assert found["op"] == "relu"
    assert found["verdict"] == "wrong"
    (gradient,) = found["gradients"]
    assert {"name": "dx", "verdict": "wrong", "cause": "wrong-mask"}.items() <= gradient.items()
    assert gradient["detail"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_the_kind", "ModuleNotFoundError: No module named 'nothing_of_the_kind', in line 1"),
        ("x = 1\ndef f(:", "SyntaxError: invalid syntax, in line 2"),
        ("import sys\nsys.exit(4)", "SystemExit: 4, in line 2"),
        ("import os\nos._exit(4)", "ended the process (exit code 4)"),
        ("import time\ntime.sleep(60)", "stopped after 3 seconds"),
    ],
)
def test_a_file_that_cannot_be_imported_is_a_row(file, capfd, text, said):
    assert main(["check", str(file(text)), "--time-limit", "3"]) == 2 - ("os._exit" in text or "sleep" in text)
    assert said in capfd.readouterr().out


@pytest.mark.parametrize("text", ["x = 1", "from minigrad.ops.linear import fc_forward, fc_backward"])
def test_a_file_without_ops_says_how_they_are_named(file, capfd, text):
    assert main(["check", str(file(text))]) == 2
    assert "A pair is named foo_forward, foo_backward" in capfd.readouterr().out


def test_what_is_not_there_is_one_clear_error(file, tmp_path, capfd):
    assert main(["check", str(tmp_path / "none.py")]) == 2
    assert main(["check", str(file(RIGHT)), "--op", "conv"]) == 2
    said = capfd.readouterr().err.splitlines()
    assert said[0].startswith("minigrad check: There is no file ")
    assert said[1] == "minigrad check: There is no op 'conv' in layers.py; it has fc, softmax_loss."


def test_one_seed_gives_one_report(file):
    path = file(WRONG)
    one, other = (check_file(path, op="relu", seed=5).as_json() for _ in range(2))
    assert one == other


def test_neighbours_of_the_file_are_found(file):
    file("def double(x):\n    return 2 * x", "helpers.py")
    text = "from helpers import double\ndef f_forward(x): return double(x), None\n"
    text += (
        "def f_backward(dout, _): return double(dout)\ndef f_example_inputs(): return (__import__('numpy').ones(2),)"
    )
    assert check_file(file(text))
