import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import SGD, Adagrad, Adam, Optimizer, RMSprop


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


def test_parameters_with_names_are_taken_as_torchs(torch):
    def groups(lib):
        net = lib.nn.Sequential(lib.nn.Linear(2, 1), lib.nn.Linear(1, 1))
        named = lib.optim.SGD(net.named_parameters(), lr=0.1)
        apart = [{"params": net[0].named_parameters("first")}, {"params": [("w", net[1].weight)], "lr": 0.5}]
        plain = lib.optim.SGD(net.parameters(), lr=0.1)
        plain.load_state_dict(named.state_dict())  # names are taken from there
        loaded = lib.optim.SGD(net.named_parameters("mine"), lr=0.1)
        loaded.load_state_dict(lib.optim.SGD(net.parameters(), lr=0.2).state_dict())  # and stay, where there are none
        made = [named, lib.optim.SGD(apart, lr=0.1), plain, loaded]
        assert named.param_groups[0]["params"][0] is net[0].weight
        return [[(group["param_names"], group["lr"]) for group in one.param_groups] for one in made]

    assert groups(mg) == groups(torch)


def test_a_step_is_the_same_with_names_and_without():
    nets = [mg.nn.Linear(2, 1), mg.nn.Linear(2, 1)]
    nets[1].load_state_dict(nets[0].state_dict())
    for net, params in zip(nets, (nets[0].parameters(), nets[1].named_parameters()), strict=True):
        net(mg.ones(3, 2)).sum().backward()
        optimizer = Adam(params, lr=0.1)
        optimizer.step()
    np.testing.assert_array_equal(nets[0].weight.detach(), nets[1].weight.detach())
    assert "weights, lr=0.1" in repr(optimizer) and "bias" not in repr(optimizer)


@pytest.mark.parametrize(("params", "error", "message"), [
    (list, ValueError, r"there are no parameters\. .*ModuleList"),
    (lambda: mg.ones(2), TypeError, "expected parameters in a list, such as net.parameters\\(\\), got a Tensor"),
    (lambda: mg.nn.Linear(1, 1), TypeError, "got a Linear"),
    (lambda: [np.ones(2)], TypeError, "expected Tensors to optimise, got ndarray"),
    (lambda: [("a", mg.ones(1)), mg.ones(1)], ValueError, "all parameters, in all groups, must come"),
    (lambda: [{"params": [("a", mg.ones(1))]}, {"params": [mg.ones(1)]}], ValueError, "all parameters"),
    (lambda: [("a", 1.0)], TypeError, "expected Tensors to optimise, got float"),
    (lambda: [mg.ones(1, requires_grad=True) * 2], ValueError, "only leaves can be optimised; one is .* mul of"),
    (lambda: [w := mg.ones(1), w], ValueError, "given twice"),
    (lambda: [{"params": [w := mg.ones(1)]}, {"params": [w]}], ValueError, "given twice"),
])  # fmt: skip
def test_what_cannot_be_optimised_is_refused(params, error, message):
    with pytest.raises(error, match=message):
        SGD(params())


def test_it_says_its_settings():
    a, b = parameter(1.0), parameter(2.0)
    shown = repr(SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1))
    assert shown.splitlines()[0] == "SGD (" and "group 1: 1 weights, lr=0.5, momentum=0.0" in shown


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


# -- parameters without a gradient -------------------------------------------------------------------------------------


def test_a_parameter_without_a_gradient_is_named_once_where_step_was_called():
    a, b, c = parameter(1.0), parameter(1.0, 2.0), parameter(3.0)
    optimizer = SGD([{"params": [a, b]}, {"params": [c]}], lr=0.1)
    a.grad = mg.ones(1)
    said = r"SGD.step: no gradient for parameter 1 of group 0, shape \(2,\); parameter 0 of group 1, shape \(1,\)\."
    with pytest.warns(UserWarning, match=said) as warned:
        optimizer.step()
    assert len(warned) == 1 and warned[0].filename == __file__
    optimizer.step()  # a second warning would be an error
    np.testing.assert_allclose(a.item(), 0.8, rtol=1e-6)
    assert b.tolist() == [1, 2] and c.item() == 3


def test_a_parameter_with_a_name_is_called_by_it():
    net = mg.nn.Linear(2, 1)
    optimizer = SGD(net.named_parameters("fc1"))
    net.weight.grad = mg.ones(1, 2)
    with pytest.warns(UserWarning, match=r"no gradient for fc1\.bias of group 0, shape \(1,\)\."):
        optimizer.step()


def test_nobody_is_named_if_all_have_gradients_or_none_has_or_none_is_wanted():
    a, frozen, plain = parameter(1.0), parameter(1.0), mg.ones(2)
    frozen.requires_grad_(False)
    optimizer = SGD([a, frozen, plain])
    optimizer.step()
    a.grad = mg.ones(1)
    optimizer.step()


# -- saving and loading ------------------------------------------------------------------------------------------------


def trained(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = mg.ones(*p.shape)
    optimizer.step()
    return optimizer


def test_the_state_has_pytorchs_structure():
    a, b, c = parameter(1.0), parameter(1.0, 2.0), parameter(3.0)
    optimizer = SGD([{"params": [b]}, {"params": [a, c], "lr": 0.5, "name": "head"}], lr=0.1, momentum=0.9)
    assert optimizer.state_dict()["state"] == {}
    state = trained(optimizer).state_dict()
    assert list(state) == ["state", "param_groups"] and list(state["state"]) == [0, 1, 2]
    assert [list(memory) for memory in state["state"].values()] == [["momentum_buffer"]] * 3
    assert isinstance(state["state"][0]["momentum_buffer"], mg.Tensor)
    assert state["state"][0]["momentum_buffer"].shape == (2,)
    assert state["param_groups"] == [
        {"lr": 0.1, "momentum": 0.9, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False,
         "params": [0]},
        {"lr": 0.5, "momentum": 0.9, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False,
         "name": "head", "params": [1, 2]},
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:SGD.step. no gradient")
def test_numbers_of_parameters_follow_their_order_not_the_order_of_their_first_steps():
    a, b, c = parameter(1.0), parameter(1.0), parameter(3.0)
    optimizer = SGD([a, b, c], momentum=0.9)
    for p, gradient in ((c, 5.0), (a, 7.0)):
        p.grad = mg.tensor([gradient])
        optimizer.step()
        p.grad = None
    state = optimizer.state_dict()["state"]
    assert {key: memory["momentum_buffer"].item() for key, memory in state.items()} == {0: 7, 2: 5}
    assert list(state) == [0, 2]


def test_a_rule_without_memory_saves_none():
    assert trained(SGD([parameter(1.0)])).state_dict()["state"] == {}


def test_loading_copies_arrays_in_the_parameters_dtype_and_settings():
    source = trained(Adam([{"params": [parameter(1.0)], "notes": ["a"]}]))
    state = source.state_dict()
    p = mg.nn.Parameter(mg.ones(1, dtype=mg.float64))
    optimizer = Adam([p])
    group = optimizer.param_groups[0]
    group["initial_lr"] = 7
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0] is group and group["params"] == [p]
    assert group["initial_lr"] == 7  # what the saved one does not know is kept
    loaded, held = optimizer.state[p]["exp_avg"], state["state"][0]["exp_avg"].array
    assert loaded.dtype == np.float64 and held.dtype == np.float32 and not np.shares_memory(loaded, held)
    again = Adam([parameter(1.0)])
    again.load_state_dict(state)
    assert not np.shares_memory(again.state[again.param_groups[0]["params"][0]]["exp_avg"], held)
    state["param_groups"][0]["notes"].append("b")
    assert group["notes"] == source.param_groups[0]["notes"] == ["a"]
    assert type(optimizer.state[p]["step"]) is int


def test_loading_forgets_what_was_remembered_before():
    p = parameter(1.0)
    optimizer = SGD([p], momentum=0.9)
    fresh = optimizer.state_dict()
    trained(optimizer).load_state_dict(fresh)
    assert optimizer.state == {}


def test_a_rule_of_ones_own_may_remember_what_it_likes():
    class Counting(Optimizer):
        def update(self, array, gradient, memory, settings):
            memory.setdefault("sizes", []).append(float(abs(gradient).max()))

    first, second = (Counting([parameter(1.0)], {}) for _ in range(2))
    trained(trained(first))
    second.load_state_dict(first.state_dict())
    trained(first)
    assert list(second.state.values()) == [{"sizes": [1.0, 1.0]}]


def test_everything_that_does_not_fit_is_listed_and_nothing_is_changed():
    optimizer = trained(SGD([parameter(1.0), parameter(1.0, 2.0)], lr=0.1, momentum=0.9))
    before = optimizer.state_dict()
    buffers = [memory["momentum_buffer"].tolist() for memory in before["state"].values()]
    other = trained(SGD([parameter(1.0, 2.0, 3.0), parameter(1.0, 2.0)], lr=5.0, momentum=0.5)).state_dict()
    other["param_groups"][0]["lr"] = -1
    other["state"][9] = {"momentum_buffer": mg.ones(1)}
    with pytest.raises(ValueError) as caught:
        optimizer.load_state_dict(other)
    assert str(caught.value).splitlines() == [
        "SGD.load_state_dict: nothing was loaded, since this does not fit:",
        "  - group 0: SGD: lr must be >= 0, got -1.",
        "  - momentum_buffer of parameter 0 has shape (3,), the parameter (1,).",
        "  - there is a state for a parameter 9, which is in no group.",
    ]
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert [memory["momentum_buffer"].tolist() for memory in after["state"].values()] == buffers


@pytest.mark.parametrize(("state", "message"), [
    (None, 'expected a dict with "state" and "param_groups"'),
    ({"state": {}}, 'expected a dict with "state" and "param_groups"'),
    ({"state": {}, "param_groups": []}, "the groups have \\[2, 1\\] parameters, the saved ones \\[\\]"),
    ({"state": {}, "param_groups": [{"params": [0]}, {"params": [1, 2]}]}, "the saved ones \\[1, 2\\]"),
    ({"state": {}, "param_groups": [{"params": [0, 1]}, {"params": [2]}]},
     "group 0 lacks dampening, lr, .*another kind of optimiser\\?\n  - group 1 lacks dampening"),
])  # fmt: skip
def test_a_state_of_another_shape_is_refused(state, message):
    optimizer = SGD([{"params": [parameter(1.0), parameter(2.0)]}, {"params": [parameter(3.0)]}])
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)


@pytest.mark.parametrize(("saved", "loading"), list(itertools.permutations([SGD, Adam, RMSprop, Adagrad], 2)))
def test_the_state_of_another_rule_is_refused(saved, loading):
    state = trained(saved([parameter(1.0)])).state_dict()
    with pytest.raises(ValueError, match=f"{loading.__name__}.load_state_dict: .*\n.*another kind of optimiser"):
        loading([parameter(1.0)]).load_state_dict(state)


def test_a_new_parameter_inherits_nothing_from_one_that_died():
    optimizer = mg.optim.SGD([mg.nn.Parameter(mg.zeros(1))], lr=1.0, momentum=0.9)
    for _ in range(50):  # each takes the place, and perhaps the id, of the one before
        parameter = mg.nn.Parameter(mg.zeros(1))
        parameter.grad = mg.ones(1)
        optimizer.param_groups[0]["params"] = [parameter]
        optimizer.step()
        assert parameter.tolist() == [-1.0]  # a first step, without any velocity
