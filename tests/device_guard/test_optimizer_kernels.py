"""The optimisers' kernels take the steps that the portable lines take, with all settings, from the first step on."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.kernels.kernel import Kernel
from tests.minigrad.parity import draw

CHOICES = {
    "SGD": {
        "momentum": (0.0, 0.9),
        "dampening": (0.0, 0.5),
        "weight_decay": (0.0, 0.1),
        "nesterov": (False, True),
        "maximize": (False, True),
    },
    "Adam": {"amsgrad": (False, True), "weight_decay": (0.0, 0.1), "maximize": (False, True)},
    "AdamW": {"amsgrad": (False, True), "weight_decay": (0.0, 0.1), "maximize": (False, True)},
    "RMSprop": {
        "momentum": (0.0, 0.5),
        "centered": (False, True),
        "weight_decay": (0.0, 0.1),
        "maximize": (False, True),
    },
    "Adadelta": {"rho": (0.9, 0.5), "weight_decay": (0.0, 0.1), "maximize": (False, True)},
    "Adagrad": {"lr_decay": (0.0, 0.1), "initial_accumulator_value": (0.0, 0.3), "maximize": (False, True)},
}


def settings_of(name):
    for values in itertools.product(*CHOICES[name].values()):
        settings = dict(zip(CHOICES[name], values, strict=True))
        if not (settings.get("nesterov") and (settings["dampening"] or not settings["momentum"])):
            yield settings


def taken(name, settings, device, dtype):
    """Weights after each of four steps, and all that is remembered."""
    weights = [
        mg.tensor(draw(*shape, seed=i).astype(dtype), device=device) for i, shape in enumerate([(3, 4), (5,), ()])
    ]
    weights[0] = weights[0].T.requires_grad_()  # not row by row in memory
    for weight in weights[1:]:
        weight.requires_grad_()
    rule = getattr(optim, name)(weights, lr=0.1, **settings)
    seen = []
    for step in range(4):
        for i, weight in enumerate(weights):
            weight.grad = mg.tensor(draw(*weight.shape, seed=10 * step + i).astype(dtype) * 10.0**-step, device=device)
        rule.step()
        seen += [weight.detach().cpu().numpy().copy() for weight in weights]
    memories = rule.state_dict()["state"]
    seen += [value.cpu().numpy() for memory in memories.values() for value in memory.values() if hasattr(value, "cpu")]
    return seen, [sorted(memory) for memory in memories.values()]


@pytest.mark.parametrize("name", CHOICES)
def test_a_kernel_takes_the_portable_steps(name, monkeypatch):
    launches, launch = [], Kernel.__call__

    def noted(self, *args, **settings):
        launches.append(self.name)
        return launch(self, *args, **settings)

    monkeypatch.setattr(Kernel, "__call__", noted)
    for settings in settings_of(name):
        for dtype in (np.float32, np.float64):
            launches.clear()
            here, names = taken(name, settings, "cpu", dtype)
            there, names_there = taken(name, settings, "cuda", dtype)
            assert names == names_there and len(here) == len(there)
            assert len(launches) == 12, "one launch a parameter and step"
            for one, other in zip(here, there, strict=True):
                assert one.dtype == other.dtype == dtype
                tolerance = 64 * np.finfo(dtype).eps  # a GPU rounds once where it multiplies and adds
                np.testing.assert_allclose(one, other, tolerance, tolerance, err_msg=str(settings))


@pytest.mark.parametrize("name", CHOICES)
def test_half_precision_is_left_to_the_portable_lines(name):
    here, there = (taken(name, {}, device, np.float16)[0] for device in ("cpu", "cuda"))
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(one, other, rtol=4e-3, atol=4e-3)


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_remembered_goes_where_the_weights_went(name):
    settings = {"SGD": {"momentum": 0.9}, "RMSprop": {"momentum": 0.9, "centered": True}, "Adam": {"amsgrad": True}}
    ends = []
    for goes_to in ("cpu", "cuda"):
        net = mg.nn.Linear(3, 2)
        net.load_state_dict({"weight": mg.tensor(draw(2, 3)), "bias": mg.tensor(draw(2))})
        rule = getattr(optim, name)(net.parameters(), lr=0.1, **settings.get(name, {}))
        for dtype, device in ((mg.float32, "cpu"), (mg.float32, goes_to), (mg.float64, goes_to), (mg.float64, "cpu")):
            net.to(device, dtype)
            for number, parameter in enumerate(net.parameters()):
                gradient = mg.tensor(draw(*parameter.shape, seed=number))
                parameter.grad = gradient.to(device, dtype)
            rule.step()
        ends.append([parameter.detach().numpy() for parameter in net.parameters()])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_amsgrad_does_not_forget_a_gradient_that_is_no_number():
    weight = mg.tensor([1.0, 1.0], device="cuda", requires_grad=True)
    rule = optim.Adam([weight], amsgrad=True)
    for gradient in ([float("nan"), 1.0], [1.0, 1.0]):
        weight.grad = mg.tensor(gradient, device="cuda")
        rule.step()
    assert weight.isnan().tolist() == [True, False]
    assert rule.state_dict()["state"][0]["max_exp_avg_sq"].isnan().tolist() == [True, False]


def test_who_writes_a_rule_of_their_own_gets_it_on_the_device():
    class Signs(optim.SGD):
        def update(self, array, gradient, memory, settings):
            array -= settings["lr"] * (gradient > 0)

    weight = mg.tensor([1.0, 1.0], device="cuda", requires_grad=True)
    weight.grad = mg.tensor([5.0, -5.0], device="cuda")
    Signs([weight], lr=0.25).step()
    assert weight.tolist() == [0.75, 1.0]
