"""README: its code runs, its commands are there once, and its numbers are those of the performance page."""

import re

import minigrad as mg
from tests.docs.conftest import DOCS

README = (DOCS.parent / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n([\s\S]*?)^```$", README, re.MULTILINE)


def test_its_ten_lines_train_a_network():
    mg.manual_seed(0)
    (code,) = [block for block in BLOCKS if "import minigrad" in block]
    variables: dict = {}
    exec(code, variables)
    assert len([line for line in code.splitlines() if line]) == 10
    assert variables["loss"].item() < 0.1


def test_its_backward_is_right_in_short():
    (code,) = [block for block in BLOCKS if "fc_backward" in block]
    variables: dict = {}
    exec(code, variables)
    x, w, b = mg.randn(3, 4, requires_grad=True), mg.randn(4, 2, requires_grad=True), mg.randn(2, requires_grad=True)
    dout = mg.randn(3, 2)
    (x @ w + b).backward(dout)
    gradients = variables["fc_backward"](dout.array, (x.array, w.array, b.array))
    assert all(mg.allclose(mg.tensor(g), p.grad) for g, p in zip(gradients, (x, w, b), strict=True))


def test_its_ratios_are_those_that_were_measured():
    measured = (DOCS / "performance.md").read_text("utf-8").split("```")[1]
    rows = dict(re.findall(r"^(\S.*?)  +[\d.]+ ms +[\d.]+ ms +([\d.]+)", measured, re.MULTILINE))
    (table,) = re.findall(r"^\| network .*\n\|---.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    said = [re.findall(r"\b\d\.\d+", line) for line in table.splitlines()]
    layouts = [", PyTorch in NCHW", ", PyTorch in channels_last"]
    assert said == [[rows["4320-128-4"]], *([rows[name + layout] for layout in layouts] for name in ("cnn", "cnn-bn"))]


def test_the_two_commands_stand_under_their_markers():
    for name, does in [("train", "gaze train"), ("test", "pytest")]:
        (command,) = re.findall(rf"^<!-- {name} -->\n```sh\n(.*)\n```$", README, re.MULTILINE)
        assert does in command
