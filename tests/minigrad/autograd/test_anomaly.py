"""`detect_anomaly` stops at the first op that makes a NaN or Inf, names it and the lines, and says why."""

import math
import re

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings


def x():
    return mg.tensor([1.0, 0.0, -4.0], requires_grad=True)


FORWARD = {
    "log: the result holds NaN (1 of 3": (lambda x: x.log(), "the log of 0"),
    "log: the result holds Inf (1 of 3": (lambda x: x.abs().log(), "the log of 0 is -inf (1 of 3"),
    "sqrt: the result holds NaN": (lambda x: x.sqrt(), "root of a negative number is NaN (1 of 3"),
    "div: the result holds Inf": (lambda x: 1 / x, "division by 0 (1 of 3"),
    "div: the result holds NaN (1 of 3": (lambda x: x / x, "division by 0"),
    "reciprocal: the result holds Inf": (lambda x: x.reciprocal(), "division by 0"),
    "rsqrt: the result holds Inf": (lambda x: x.abs().rsqrt(), "division by 0"),
    "pow: the result holds Inf": (lambda x: x**-1, "0 to a negative power"),
    "pow: the result holds NaN": (lambda x: x**0.5, "fractional power"),
    "exp: the result holds Inf": (lambda x: (x * -100).exp(), "exp overflows"),
    "mul: the result holds Inf": (lambda x: x * 1e30 * 1e30, "overflow; the largest number"),
    "mul: the result holds NaN": (lambda x: x * math.nan, "a NaN came in"),
    "sub: the result holds NaN": (lambda x: mg.sub(x + math.inf, x + math.inf), "Inf - Inf"),
}

BACKWARD = {
    "sqrt": (lambda x: x.abs().sqrt().sum(), "add a small number under the root"),
    "pow": (lambda x: (x.abs() ** 0.5).sum(), "infinite at x = 0"),
    "mul": (lambda x: (x * 1e20 * 1e20 * 1e-10).sum(), "overflow"),
}


@pytest.mark.parametrize("beginning", FORWARD)
@pytest.mark.parametrize("recorded", [True, False])
def test_the_op_the_line_and_the_cause_of_a_bad_result_are_named(beginning, recorded):
    code, cause = FORWARD[beginning]
    with mg.autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        code(x() if recorded else x().detach())
    message = str(caught.value)
    assert message.startswith(beginning) and cause in message
    assert re.search(r"test_anomaly\.py:\d+: .*lambda x:", message)


@pytest.mark.parametrize("name", BACKWARD)
def test_the_op_both_lines_and_the_cause_of_a_bad_gradient_are_named(name):
    code, cause = BACKWARD[name]
    with mg.autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        y = code(x().double() if name != "mul" else mg.tensor([1e-15], requires_grad=True))
        y.backward(mg.tensor(1e15) if name == "mul" else None)
    message = str(caught.value)
    assert message.startswith(f"{name}: in backward, at test_anomaly.py:") and cause in message
    assert "y.backward(" in message and "lambda x:" in message


def test_the_layer_is_named():
    net = mg.nn.Sequential(mg.nn.Linear(3, 4), mg.nn.ReLU(), mg.nn.Linear(4, 2))
    with mg.no_grad():
        net[2].weight[0, 0] = math.inf
    with mg.autograd.detect_anomaly(), pytest.raises(RuntimeError, match=r"^linear: the result holds .* in net\.2"):
        net(mg.ones(1, 3))


def test_an_upstream_nan_is_said_to_have_come_in():
    with mg.autograd.detect_anomaly(), pytest.raises(RuntimeError, match=r"in backward.*a NaN came in"):
        (x() * 2).backward(mg.tensor([1.0, math.nan, 1.0]))


def test_an_inf_that_came_in_may_pass_as_a_mask_does():
    mask = mg.tensor([0.0, 0.0, -math.inf])
    with mg.autograd.detect_anomaly():
        y = mg.exp(x() + mask)
        y.sum().backward()
    assert y.tolist()[2] == 0


def test_good_numbers_pass_and_outside_nothing_is_looked_at():
    with mg.autograd.detect_anomaly():
        assert mg.autograd.is_anomaly_enabled()
        leaf = x()
        (leaf * 2 + mg.arange(3)).sum().backward()
    assert not mg.autograd.is_anomaly_enabled()
    np.testing.assert_array_equal(leaf.grad.array, [2, 2, 2])
    x().log()


def test_the_search_ends_with_its_block_even_after_an_exception_and_can_be_off_inside():
    with pytest.raises(RuntimeError), mg.autograd.detect_anomaly():
        x().log()
    assert not mg.autograd.is_anomaly_enabled()
    with mg.autograd.detect_anomaly(), mg.autograd.detect_anomaly(check_nan=False):
        x().log()


def test_set_detect_anomaly_is_in_force_at_once_and_as_a_block_restores():
    mg.autograd.set_detect_anomaly(True)
    assert mg.autograd.is_anomaly_enabled()
    mg.autograd.set_detect_anomaly(False)
    with mg.autograd.set_detect_anomaly(True):
        assert mg.autograd.is_anomaly_enabled()
    assert not mg.autograd.is_anomaly_enabled()
