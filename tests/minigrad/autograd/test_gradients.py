"""`autograd.grad` and `autograd.backward`: the right gradients, only those, and nothing unvisited used up."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import draw


def leaf(*shape, seed=0):
    return mg.tensor(draw(*shape, seed=seed), requires_grad=True)


def test_grad_is_what_backward_leaves_in_grad_but_touches_no_grad():
    x, w = leaf(4, 3), leaf(3, 2)
    upstream = mg.tensor(draw(4, 2, seed=5))
    dx, dw = mg.autograd.grad(mg.tanh(x @ w), (x, w), upstream)
    assert x.grad is None and w.grad is None
    mg.tanh(x @ w).backward(upstream)
    np.testing.assert_array_equal(dx.array, x.grad.array)
    np.testing.assert_array_equal(dw.array, w.grad.array)


def test_the_gradient_of_an_intermediate_result_is_what_arrives_there_in_all():
    x = leaf(3)
    hidden = x * 2
    (dhidden,) = mg.autograd.grad((hidden * hidden + hidden).sum(), hidden)
    np.testing.assert_allclose(dhidden.array, 2 * hidden.array + 1)


def test_an_intermediate_result_and_a_leaf_before_it_are_both_given():
    x = leaf(3)
    hidden = mg.sin(x)
    dhidden, dx = mg.autograd.grad((hidden * 3).sum(), [hidden, x])
    np.testing.assert_allclose(dhidden.array, np.full(3, 3.0))
    np.testing.assert_allclose(dx.array, 3 * np.cos(x.array))


def test_an_output_is_its_own_input_with_gradient_one():
    y = leaf(3).sum()
    x = leaf(2)
    assert mg.autograd.grad(y, y)[0].item() == 1
    (dx,) = mg.autograd.grad(x, x, mg.tensor([2.0, 3.0]))
    assert dx.tolist() == [2, 3]


def test_the_graph_before_the_input_is_not_used_up():
    x = leaf(3)
    hidden = mg.sin(x)
    (dhidden,) = mg.autograd.grad((hidden * hidden).sum(), hidden)
    hidden.backward(dhidden)
    np.testing.assert_allclose(x.grad.array, 2 * np.sin(x.array) * np.cos(x.array))


def test_what_was_visited_is_used_up_unless_the_graph_is_retained():
    x = leaf(3)
    y = (x * x).sum()
    mg.autograd.grad(y, x, retain_graph=True)
    mg.autograd.grad(y, x)
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        mg.autograd.grad(y, x)


def test_branches_that_lead_to_no_input_are_not_walked():
    walked = []

    def forward(x):
        return x * 1, None

    def backward(dout, cache):
        walked.append("branch")
        return dout

    branch = mg.differentiable(forward, backward, name="branch")
    x, w = leaf(3), leaf(3)
    mg.autograd.grad((branch(x) * w).sum(), w)
    assert walked == []
    mg.autograd.grad((branch(x) * w).sum(), x)
    assert walked == ["branch"]


def test_several_outputs_add_up():
    x = leaf(3)
    (dx,) = mg.autograd.grad([x.sum(), x * x, x.sum()], x, [None, mg.ones(3, dtype=mg.float64), mg.tensor(5.0)])
    np.testing.assert_allclose(dx.array, 1 + 2 * x.array + 5)


def test_one_of_several_outputs_of_an_op_can_be_asked_for():
    pair = mg.differentiable(
        lambda x: ((x * 2, x * 3), None), lambda d, _: 2 * (d[0] if d[0] is not None else 0) + 3 * d[1]
    )
    x = leaf(3)
    _, second = pair(x)
    dsecond, dx = mg.autograd.grad((second * second).sum(), (second, x))
    np.testing.assert_allclose(dsecond.array, 2 * second.array)
    np.testing.assert_allclose(dx.array, 3 * 2 * second.array)


def test_an_unused_input_is_an_error_or_none_or_zeros():
    x, unused = leaf(3), leaf(2)
    with pytest.raises(RuntimeError, match="allow_unused"):
        mg.autograd.grad(x.sum(), [x, unused])
    assert mg.autograd.grad(x.sum(), [x, unused], allow_unused=True)[1] is None
    zeros = mg.autograd.grad(x.sum(), [x, unused], materialize_grads=True)[1]
    assert zeros.tolist() == [0, 0] and zeros.dtype == unused.dtype


def test_hooks_of_what_is_asked_for_run():
    x = leaf(3)
    hidden = x * 1
    x.register_hook(lambda gradient: gradient * 10)
    hidden.register_hook(lambda gradient: gradient * 2)
    dhidden, dx = mg.autograd.grad(hidden.sum(), (hidden, x))
    assert dhidden.tolist() == [2] * 3 and dx.tolist() == [20] * 3


def test_the_gradients_given_share_no_memory():
    x, y = leaf(3), leaf(3)
    hidden = x + y
    upstream = mg.ones(3, dtype=mg.float64)
    gradients = [*mg.autograd.grad(hidden * 1 + 0, (hidden, x, y), upstream), upstream]
    for i, gradient in enumerate(gradients):
        assert not any(np.shares_memory(gradient.array, other.array) for other in gradients[:i])
        gradient.array += 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mg.autograd.grad(x * 2, x), "only a scalar"),
        (lambda x: mg.autograd.grad(x.sum(), x.detach()), "does not require grad"),
        (lambda x: mg.autograd.grad(x.detach().sum(), x), "no graph"),
        (lambda x: mg.autograd.grad(x.sum(), x, create_graph=True), "create_graph"),
        (lambda x: mg.autograd.grad(x * 2, x, mg.ones(2)), r"shape \(3,\), got \(2,\)"),
        (lambda x: mg.autograd.grad([x.sum(), x.sum()], x, [None]), "each of 2 outputs, got 1"),
        (lambda x: mg.autograd.grad(3.0, x), "float"),
        (lambda x: x.sum().backward(inputs=[]), "at least one"),
        (lambda x: x.sum().backward(inputs=[x * 2]), "must be a leaf"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(call, message):
    with pytest.raises((RuntimeError, TypeError, ValueError, NotImplementedError), match=message):
        call(leaf(3))


def test_backward_of_several_tensors_is_one_walk():
    x = leaf(3)
    hidden = mg.sin(x)
    mg.autograd.backward([hidden.sum(), hidden * 2], [None, mg.ones(3, dtype=mg.float64)])  # needs no retain_graph
    np.testing.assert_allclose(x.grad.array, 3 * np.cos(x.array))


def test_backward_with_inputs_adds_to_these_only_and_calls_their_hooks_once():
    x, w = leaf(3), leaf(3)
    calls = []
    x.register_hook(lambda gradient: calls.append("complete"))
    x.register_post_accumulate_grad_hook(lambda tensor: calls.append("added"))
    for _ in range(2):
        (x * w).sum().backward(inputs=[x])
    np.testing.assert_allclose(x.grad.array, 2 * w.array)
    assert w.grad is None
    assert calls == ["complete", "added"] * 2


def test_grad_agrees_with_torch_on_a_diamond_with_an_unused_branch(torch):
    def run(lib, x, w):
        hidden = lib.tanh(x * w)
        left, right, _ = hidden + hidden, hidden * x, lib.exp(hidden)
        out = (left * right).sum()
        return lib.autograd.grad(out, [hidden, x, w, right])

    arrays = draw(4, 3), draw(3, seed=2)
    ours = run(mg, *[mg.tensor(array, requires_grad=True) for array in arrays])
    theirs = run(torch, *[torch.tensor(array, requires_grad=True) for array in arrays])
    for gradient, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gradient.array, expected.numpy(), rtol=1e-9, atol=1e-9)
