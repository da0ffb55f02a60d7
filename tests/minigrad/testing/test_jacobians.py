"""autograd.gradcheck, with PyTorch's signature, passes what is right, and finds every kind of wrong gradient."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradcheckError
from tests.minigrad.parity import draw


def leaf(*shape, seed=0):
    return mg.tensor(draw(*shape, seed=seed), requires_grad=True)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_right_gradients_pass(shape):
    assert mg.autograd.gradcheck(lambda x: mg.tanh(x) * x, leaf(*shape))


def test_several_inputs_and_outputs_numbers_and_integers_pass():
    def several(x, factor, w, places):
        return (x @ w) * factor, x[places], x.argmax(), x.sum()

    assert mg.autograd.gradcheck(several, (leaf(3, 4), 2.5, leaf(4, 2), mg.tensor([0, 0, 2])))


def test_parameters_that_the_function_only_closes_over_are_checked():
    net = mg.nn.Linear(3, 2, dtype=mg.float64)
    x = mg.tensor(draw(5, 3))
    assert mg.autograd.gradcheck(lambda *parameters: net(x), list(net.parameters()))


def op(backward):
    """x², with some backward."""
    square = mg.differentiable(lambda x: (x * x, x), backward, name="square")
    return lambda x: mg.sin(square(x))


WRONG = {
    "a factor": lambda dout, x: dout * x,
    "a sign": lambda dout, x: -dout * 2 * x,
    "the upstream gradient": lambda dout, x: 2 * x,
    "nothing": lambda dout, x: None,
    "an element": lambda dout, x: dout * 2 * x * (np.arange(x.size).reshape(x.shape) != 3),
    "NaN": lambda dout, x: dout * np.nan,
}


@pytest.mark.parametrize("backward", WRONG.values(), ids=WRONG)
def test_wrong_gradients_are_found(backward):
    x = leaf(2, 3)
    with pytest.raises(GradcheckError, match=r"gradient of output 0 with respect to input 0 .* by differences"):
        mg.autograd.gradcheck(op(backward), x)
    assert mg.autograd.gradcheck(op(backward), x, raise_exception=False) is False


def test_the_worst_place_is_named():
    with pytest.raises(
        GradcheckError, match=r"in 1 of 36 places.* d output\[1, 0\] / d input\[1, 0\] is 0 by backward"
    ):
        mg.autograd.gradcheck(op(WRONG["an element"]), leaf(2, 3))


def test_a_backward_that_changes_its_mind_is_found():
    rng = np.random.default_rng(0)
    with pytest.raises(GradcheckError, match="two backward passes"):
        mg.autograd.gradcheck(op(lambda dout, x: dout * 2 * x + 1e-7 * rng.random()), leaf(3))


def test_what_it_is_given_comes_back_unchanged_even_after_an_error():
    x = leaf(3)
    before = x.array.copy()

    def fails_later(x):
        if x.array[1] != before[1]:
            raise KeyError("ours")
        return x * 2

    with pytest.raises(KeyError):
        mg.autograd.gradcheck(fails_later, x)
    np.testing.assert_array_equal(x.array, before)
    assert x.grad is None


def test_nothing_to_check_is_an_error_and_float32_a_warning():
    with pytest.raises(ValueError, match="at least one input must require grad"):
        mg.autograd.gradcheck(mg.sin, mg.ones(2))
    with pytest.warns(UserWarning, match="float32"):
        mg.autograd.gradcheck(lambda x: x * 2, mg.ones(2, requires_grad=True), eps=1e-2)
