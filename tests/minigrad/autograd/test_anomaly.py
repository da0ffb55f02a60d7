"""`detect_anomaly` stops at the first NaN or Inf, names the op and the lines, and says why; and it finds what is
changed between forward and backward."""

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


def double(x):
    """A user's op, which keeps an array in a dict."""
    op = mg.differentiable(lambda x: (2 * x * x, {"x": [x]}), lambda dout, kept: 4 * dout * kept["x"][0], name="double")
    return op(x)


USES = {
    "mul": lambda x: x * x,
    "exp": lambda x: x.exp(),
    "matmul": lambda x: x @ x,
    "conv2d": lambda x: mg.nn.functional.conv2d(x[None, None], x[None, None]),
    "a user's op": double,
}
ROUTES = {
    "the raw array": lambda x, view: x.array.__setitem__((0, 0), 7.0),
    "a view taken earlier": lambda x, view: view.__setitem__((0, 0), 7.0),
    "the owner of shared memory": lambda x, view: view.base.fill(7.0),
    "a NumPy function": lambda x, view: np.multiply(view, 2, out=view),
}


def shared(uses):
    """A leaf that lies in a NumPy array's memory, that array's view, and a result of the leaf."""
    owner = np.arange(1.0, 10.0).reshape(3, 3)
    x = mg.from_numpy(owner).requires_grad_()
    return x, owner.T, uses(x)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("use", USES)
def test_a_change_between_forward_and_backward_is_found_whatever_made_it(use, route):
    with mg.autograd.detect_anomaly():
        x, view, y = shared(USES[use])
        if use == "exp":  # it keeps its result
            x, view = y.detach(), y.array.view().T
        ROUTES[route](x, view)
        with pytest.raises(RuntimeError, match=r"an array that its backward needs .* was changed after the forward of"):
            y.sum().backward()


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("looking", [True, False])
def test_a_tensor_op_that_changes_what_is_needed_is_always_found(use, looking):
    with mg.autograd.set_detect_anomaly(looking):
        x, _, y = shared(USES[use])
        with mg.no_grad():
            (y if use == "exp" else x).mul_(2)
        with pytest.raises(RuntimeError, match="changed in place"):
            y.sum().backward()


@pytest.mark.parametrize("use", USES)
def test_what_is_left_alone_raises_nothing_and_may_be_used_twice(use):
    with mg.autograd.detect_anomaly():
        x, _, y = shared(USES[use])
        y.sum().backward(retain_graph=True)
        y.sum().backward()
        x.array[0, 0] = 7.0  # now it may be changed
    assert x.grad is not None


def test_a_change_that_no_backward_sees_is_none():
    with mg.autograd.detect_anomaly():
        x = mg.ones(2, requires_grad=True)
        y = x + 1
        x.array[0] = 7.0  # a sum needs no x
        y.sum().backward()
    assert x.grad.tolist() == [1, 1]
