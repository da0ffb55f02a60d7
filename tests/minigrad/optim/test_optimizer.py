import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import SGD, Optimizer


def parameter(*values):
    return mg.nn.Parameter(mg.tensor(values))


@pytest.mark.filterwarnings("ignore:SGD.step. no gradient")
def test_parameters_without_a_gradient_are_left_alone():
    a, b = parameter(1.0), parameter(2.0)
    optimizer = SGD([a, b], lr=0.1, momentum=0.9, weight_decay=0.5)
    a.grad = mg.ones(1)
    optimizer.step()
    assert a.item() != 1 and b.item() == 2
    assert a in optimizer.state and b not in optimizer.state


def test_zero_grad_forgets_gradients_or_sets_them_to_zero():
    a, b = parameter(1.0), parameter(2.0)
    optimizer = SGD([a, b])
    a.grad = gradient = mg.ones(1)
    optimizer.zero_grad(set_to_none=False)
    assert a.grad is gradient and gradient.tolist() == [0] and b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


def test_a_closure_computes_the_loss_even_under_no_grad():
    a = parameter(3.0)
    optimizer = SGD([a], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (a * a).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 9
        assert not mg.is_grad_enabled()
    assert a.item() == 0 and optimizer.step() is None


def test_groups_have_settings_of_their_own_and_the_defaults_for_the_rest():
    a, b, c = parameter(1.0), parameter(1.0), parameter(1.0)
    optimizer = SGD([{"params": a}, {"params": iter([b]), "lr": 1.0, "name": "head"}], lr=0.5, momentum=0.1)
    optimizer.add_param_group({"params": [c], "momentum": 0.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 1.0, 0.5]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.1, 0.1, 0.0]
    assert optimizer.param_groups[1]["name"] == "head" and optimizer.param_groups[1]["params"] == [b]
    for p in (a, b, c):
        p.grad = mg.ones(1)
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == [0.5, 0, 0.5]
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert a.item() == 0.5


def test_parameters_that_look_alike_have_memories_of_their_own():
    a, b = parameter(1.0), parameter(1.0)
    optimizer = SGD([a, b], lr=1.0, momentum=1.0)
    for gradient in (1.0, 0.0):
        a.grad, b.grad = mg.tensor([gradient]), mg.tensor([0.0])
        optimizer.step()
    assert (a.item(), b.item()) == (-1, 1)


def test_a_generator_of_parameters_is_taken():
    net = mg.nn.Linear(2, 1)
    assert SGD(net.parameters()).param_groups[0]["params"] == list(net.parameters())


@pytest.mark.parametrize(("params", "error", "message"), [
    (list, ValueError, "the list of parameters is empty"),
    (lambda: mg.ones(2), TypeError, "expected parameters in a list, such as net.parameters\\(\\), got a Tensor"),
    (lambda: mg.nn.Linear(1, 1), TypeError, "got a Linear"),
    (lambda: [np.ones(2)], TypeError, "expected Tensors to optimise, got ndarray"),
    (lambda: mg.nn.Linear(1, 1).named_parameters(), TypeError, "got tuple"),
    (lambda: [mg.ones(1, requires_grad=True) * 2], ValueError, "only leaves can be optimised; one is .* mul of"),
    (lambda: [w := mg.ones(1), w], ValueError, "given twice"),
    (lambda: [{"params": [w := mg.ones(1)]}, {"params": [w]}], ValueError, "given twice"),
])  # fmt: skip
def test_what_cannot_be_optimised_is_refused(params, error, message):
    with pytest.raises(error, match=message):
        SGD(params())


def test_a_rule_of_ones_own_needs_only_update():
    class Sign(Optimizer):
        def update(self, array, gradient, memory, settings):
            memory["steps"] = memory.get("steps", 0) + 1
            array -= settings["lr"] * np.sign(gradient)

    a = parameter(1.0, 1.0)
    optimizer = Sign([a], {"lr": 0.5})
    for _ in range(2):
        a.grad = mg.tensor([3.0, -0.1])
        optimizer.step()
    assert a.tolist() == [0, 2] and optimizer.state[a] == {"steps": 2}
    with pytest.raises(NotImplementedError, match="Optimizer needs a method update"):
        a.grad = mg.ones(2)
        Optimizer([a], {}).step()
