"""What went wrong in other libraries, by people's reports, goes right here: the mathematics.

Each test is named after the property. Those of convolution, pooling and batch-norm come with these.
"""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.minigrad.parity import agrees_with_torch, draw, draws, inf_and_nan_without_warnings, locked

pytestmark = inf_and_nan_without_warnings


@pytest.mark.parametrize("number", [1, 2.5])
def test_a_number_on_the_left_stays_on_the_left(number):
    x = mg.tensor([0.25, 4.0])
    np.testing.assert_array_equal((number - x).numpy(), number - x.numpy())
    np.testing.assert_array_equal((number / x).numpy(), (number / x.numpy()).astype("float32"))
    np.testing.assert_allclose((number**x).numpy(), number ** x.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)], ids=str)
def test_the_gradient_of_a_reduction_knows_its_axis_on_square_and_other_inputs(name, dim, shape):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x, dim) ** 2, draw(*shape))


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2))])
def test_vectors_in_matrix_products_have_right_gradients(shapes):
    agrees_with_torch(lambda lib, x, y: x @ y, *draws(*shapes))


@pytest.mark.parametrize(
    "shapes", [((4, 3), (3,)), ((3,), (4, 3)), ((2, 4, 3), (4, 1)), ((2, 1, 3), (4, 1)), ((2, 3), ())]
)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_broadcast_axes_are_summed_missing_ones_on_the_left_and_those_of_length_1(name, shapes):
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), *draws(*shapes, low=0.5))


def test_relu_has_slope_0_at_0():
    x = mg.tensor([-0.0, 0.0], requires_grad=True)
    for relu in (mg.relu, F.relu, mg.nn.ReLU()):
        x.grad = None
        relu(x).sum().backward()
        assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("text", ["x.max()", "x.max(0)[0]", "x.amax(0)", "lib.maximum(x, x.flip(0))", "x.min()"])
def test_ties_share_a_gradient_or_one_takes_it_but_the_sum_is_what_came(text):
    agrees_with_torch(lambda lib, x: eval(text, {"lib": lib, "x": x}), np.array([2.0, 1.0, 2.0, 2.0]))


def test_the_logarithm_of_a_tiny_probability_is_finite():
    logits = mg.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
    loss = F.cross_entropy(logits, mg.tensor([2]))
    loss.backward()
    assert loss.item() == 2000.0 and logits.grad.tolist() == [[1.0, 0.0, -1.0]]


def test_a_loss_changes_nothing_that_it_was_given():
    logits, weight = locked(draw(4, 3)), locked(np.ones(3))
    x = mg.Tensor(logits, requires_grad=True)
    F.cross_entropy(x, mg.tensor([0, 1, 2, 0]), mg.Tensor(weight)).backward()
    np.testing.assert_array_equal(logits, draw(4, 3))


@pytest.mark.parametrize(
    "text",
    [
        "x * 2.5",
        "2.5 / x",
        "x ** 0.5",
        "x.mean()",
        "x.sum() * 0.1",
        "lib.exp(x) + 1",
        "x / x.shape[0]",
        "F.linear(x, x)",
    ],
)
def test_float32_stays_float32_forward_and_backward(text):
    x = mg.tensor(draw(3, 3, low=0.5), dtype=mg.float32, requires_grad=True)
    out = eval(text, {"lib": mg, "x": x, "F": F})
    out.sum().backward()
    assert out.dtype == x.grad.dtype == mg.float32


@pytest.mark.parametrize(
    "text", ["x.sqrt()", "x.abs()", "x ** 2", "x ** 3.0", "x ** 0.5", "x ** 1", "x.norm()", "x * x.abs()"]
)
def test_slopes_at_0_are_torchs(text):
    agrees_with_torch(lambda lib, x: eval(text, {"x": x}), np.zeros(3))
    agrees_with_torch(lambda lib, x: eval(text, {"x": x}), np.array([0.0, 2.0]))
