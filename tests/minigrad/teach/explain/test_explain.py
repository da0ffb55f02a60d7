import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.cli import main
from minigrad.teach.explain import ALL, UnknownOp, page, terminal
from minigrad.teach.explain.report import explained


@pytest.mark.parametrize(
    "given, op",
    [
        *(("conv2d", "conv2d"), ("F.conv2d", "conv2d"), ("mg.relu", "relu"), ("softmax_loss", "cross_entropy")),
        *(("affine", "fc"), ("conv", "conv2d"), ("batchnorm", "batch_norm"), ("BatchNorm2d", "batch_norm")),
        *((mg.relu, "relu"), (mg.add, "add"), (F.conv2d, "conv2d"), (mg.transpose, "permute"), (mg.gather, "getitem")),
        *((nn.Linear, "linear"), (nn.ReLU(), "relu"), (nn.CrossEntropyLoss, "cross_entropy"), (nn.MSELoss, "mse_loss")),
        *((nn.BatchNorm2d(3), "batch_norm"), (nn.LeakyReLU, "leaky_relu")),
        *((nn.LSTM, "lstm_cell"), (nn.GRUCell(1, 1), "gru_cell"), ("rnn", "rnn_cell")),
    ],
)
def test_an_op_is_found_by_what_people_call_it(given, op):
    assert mg.explain(given).name == op


def test_the_op_of_a_record_says_which_of_two_is_meant():
    x = mg.rand(2, 3, requires_grad=True)
    with mg.Tape() as tape:
        x.median()
        x.median(dim=1)
        mg.div(x, 2.0, rounding_mode="floor")
    pairs = [mg.explain(record.op).explanation.pair for record in tape]
    assert pairs == ["reduction.median", "ordering.median", "arithmetic.rounded_div"]


def test_what_is_no_op_is_an_error_that_helps():
    with pytest.raises(UnknownOp, match="Did you mean relu"):
        mg.explain("relo")
    with pytest.raises(UnknownOp, match="what it is made of"):
        mg.explain(mg.lerp)
    with pytest.raises(TypeError, match="expected the name of an op"):
        mg.explain(3)


def cube_forward(x, power=3):
    """x to a power."""
    return x**power, (x, power)


def cube_backward(dout, cache):
    """The power rule."""
    x, power = cache
    return dout * power * x ** (power - 1)


def test_an_op_of_ones_own_shows_its_code_and_is_checked_on_inputs():
    cube = mg.differentiable(cube_forward, cube_backward)
    without = mg.explain(cube)
    assert without.example is None and without.explanation is None
    assert "power rule" in without.text and "def cube_backward" in without.source
    checked = mg.explain(cube, mg.tensor([1.0, 2.0]), power=2)
    assert checked.example.agrees and "dx  agrees" in checked.text
    assert " cube_backward" in checked._repr_html_()
    wrong = mg.differentiable(cube_forward, lambda dout, cache: dout * cache[0])
    assert "differs" in mg.explain(wrong, np.array([1.0, 2.0])).text


def test_an_op_of_the_library_works_on_given_inputs():
    example = mg.explain("softmax", mg.tensor([0.0, 1.0]), axis=0).example
    assert np.allclose(example.inputs[0][1], [0, 1]) and example.agrees


@pytest.mark.parametrize("op", ["conv2d", "batch_norm", "exp", "gelu", "max"])
def test_the_code_is_the_code_that_runs(op):
    report = mg.explain(op)
    names = {"exp": ['"exp": Elementwise("eˣ"', "def pair("], "gelu": ["def _gelu_slope", "def pair("]}
    names |= {"max": ["def max_forward", "def picked(", "def picked_backward"]}
    for part in names.get(op, [f"def {op}_forward(", f"def {op}_backward(", f"def {op}_backward_naive("]):
        assert part in report.source


def test_a_page_stands_alone(tmp_path):
    path = mg.explain("conv2d").to_html(tmp_path / "conv2d.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and text.count("<math") >= 10
    assert "prefers-color-scheme: dark" in text and "viewport" in text
    assert not re.search(r"<script|<link|https?://(?!www\.w3\.org/1998/Math/MathML)|\\frac|\\sum", text)


def test_every_op_has_a_page_and_a_text():
    for explanation in ALL:
        report = explained(explanation)
        text = terminal.text(report)
        assert "Held against differences" in text and "\033" not in text and "differs" not in text
        assert page.fragment(report).count("<div") == page.fragment(report).count("</div")


def test_a_notebook_gets_text_if_the_page_fails(monkeypatch):
    monkeypatch.setattr(page, "mathml_of", lambda *args, **settings: 1 / 0)
    assert mg.explain("relu")._repr_html_().startswith("<pre>relu")


def test_the_command_prints_lists_and_writes(capsys, tmp_path):
    assert main(["explain", "relu"]) == 0
    assert capsys.readouterr().out.startswith("relu  rectified linear unit")
    assert main(["explain"]) == 0
    listed = set(re.findall(r"\w+", capsys.readouterr().out))
    assert {one.op for one in ALL} <= listed
    assert main(["explain", "relu", "--html", str(tmp_path / "relu.html")]) == 0
    assert (tmp_path / "relu.html").stat().st_size > 1000
    assert main(["explain", "relo"]) == 2
    assert "Did you mean relu" in capsys.readouterr().err


def test_colours_are_for_terminals_that_want_them(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["explain", "relu"])
    assert "\033[1mrelu" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["explain", "relu"])
    assert "\033" not in capsys.readouterr().out


def test_importing_the_library_loads_no_explanation():
    code = "import sys, minigrad; print([n for n in sys.modules if 'teach' in n or 'latex2mathml' in n])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
