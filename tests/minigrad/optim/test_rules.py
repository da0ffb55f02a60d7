"""What all rules promise: PyTorch's numbers, PyTorch's state, dtypes and places that stay."""

import copy
import itertools

import numpy as np
import pytest

import minigrad as mg

pytestmark = pytest.mark.filterwarnings("ignore:.*step. no gradient")  # some parameters lack theirs on purpose

# For each rule the values of each setting, the default first.
VALUES = {
    "SGD": {"momentum": (0.0, 0.9), "dampening": (0.0, 0.3), "weight_decay": (0.0, 0.1), "maximize": (False, True)},
    "Adam": {"betas": ((0.9, 0.999), (0.5, 0.8)), "eps": (1e-8, 0.1), "weight_decay": (0.0, 0.1),
             "amsgrad": (False, True), "maximize": (False, True)},
    "AdamW": {"betas": ((0.9, 0.999), (0.5, 0.8)), "eps": (1e-8, 0.1), "weight_decay": (0.01, 0.0, 0.5),
              "amsgrad": (False, True), "maximize": (False, True)},
    "RMSprop": {"alpha": (0.99, 0.5), "eps": (1e-8, 0.1), "weight_decay": (0.0, 0.1), "momentum": (0.0, 0.9),
                "centered": (False, True), "maximize": (False, True)},
    "Adagrad": {"lr_decay": (0.0, 0.1), "weight_decay": (0.0, 0.1), "initial_accumulator_value": (0.0, 0.3),
                "eps": (1e-10, 0.1), "maximize": (False, True)},
    "Adadelta": {"rho": (0.9, 0.5), "eps": (1e-6, 0.1), "weight_decay": (0.0, 0.1), "maximize": (False, True)},
}  # fmt: skip
RULES = list(VALUES)
SHAPES = [(3, 2), (), (4,), (2, 1)]


def settings_of(rule):
    """Every combination of the rule's settings."""
    names = VALUES[rule]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*names.values())]


def one_of_everything(rule):
    return {name: values[-1] for name, values in VALUES[rule].items()}


class Run:
    """Four parameters in two groups, and random gradients that are the same for both libraries.

    The third parameter has no gradient in the steps 4..6, the fourth none until step 3.
    """

    def __init__(self, lib, rule, settings, weights=None, started=0):
        self.lib = lib
        self.gradients = np.random.default_rng(1)
        first = np.random.default_rng(0)
        weights = weights or [first.normal(size=shape) for shape in SHAPES]
        self.weights = [lib.tensor(weight.copy(), requires_grad=True) for weight in weights]
        groups = [{"params": self.weights[:2]}, {"params": self.weights[2:], "lr": 0.003}]
        self.optimizer = getattr(lib.optim, rule)(groups, lr=0.05, **settings)
        self.done = 0
        for _ in range(started):
            self._next_gradients()

    def _next_gradients(self):
        self.done += 1
        return [self.gradients.normal(size=shape) for shape in SHAPES]

    def go(self, steps):
        """The weights after each step."""
        path = []
        for _ in range(steps):
            gradients = self._next_gradients()
            for number, (weight, gradient) in enumerate(zip(self.weights, gradients, strict=True)):
                without = (number == 2 and 4 <= self.done <= 6) or (number == 3 and self.done < 3)
                weight.grad = None if without else self.lib.tensor(gradient)
            self.optimizer.step()
            path.append(self.arrays())
        return path

    def arrays(self):
        return [weight.detach().numpy().copy() for weight in self.weights]


def assert_same_path(ours, theirs, message):
    assert len(ours) == len(theirs) >= 10
    for step, (mine, other) in enumerate(zip(ours, theirs, strict=True), 1):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13, err_msg=f"step {step} of {message}")


def translated(state_dict, tensor):
    """A state_dict with another library's tensors."""
    state = {
        key: {name: tensor(value) for name, value in memory.items() if value is not None}
        for key, memory in state_dict["state"].items()
    }
    return {"state": state, "param_groups": copy.deepcopy(state_dict["param_groups"])}


@pytest.mark.parametrize("rule", RULES)
def test_many_steps_are_pytorchs_with_every_setting(torch, rule):
    for settings in settings_of(rule):
        ours, theirs = (Run(lib, rule, settings).go(22) for lib in (mg, torch))
        assert_same_path(ours, theirs, f"{rule} {settings}")


@pytest.mark.parametrize("rule", RULES)
def test_the_defaults_and_their_order_are_pytorchs(torch, rule):
    ours, theirs = (getattr(lib.optim, rule)([lib.ones(1)]).param_groups[0] for lib in (mg, torch))
    assert {name: value for name, value in theirs.items() if name in ours and name != "params"} == {
        name: value for name, value in ours.items() if name != "params"
    }
    positional = {"SGD": (0.1, 0.9, 0.0, 0.2, True), "Adam": (0.1, (0.5, 0.6), 0.2, 0.3, True),
                  "AdamW": (0.1, (0.5, 0.6), 0.2, 0.3, True), "RMSprop": (0.1, 0.2, 0.3, 0.4, 0.5, True),
                  "Adagrad": (0.1, 0.2, 0.3, 0.4, 0.5), "Adadelta": (0.1, 0.2, 0.3, 0.4)}[rule]  # fmt: skip
    ours, theirs = (getattr(lib.optim, rule)([lib.ones(1)], *positional).param_groups[0] for lib in (mg, torch))
    assert all(theirs[name] == value for name, value in ours.items() if name != "params")


@pytest.mark.parametrize("rule", RULES)
def test_pytorchs_state_is_taken_in_the_middle(torch, rule):
    for settings in ({}, one_of_everything(rule)):
        theirs = Run(torch, rule, settings)
        theirs.go(9)
        ours = Run(mg, rule, {}, theirs.arrays(), started=9)
        ours.optimizer.load_state_dict(theirs.optimizer.state_dict())
        assert_same_path(ours.go(12), theirs.go(12), f"{rule} {settings}")


@pytest.mark.parametrize("rule", RULES)
def test_pytorch_takes_our_state_in_the_middle(torch, rule):
    for settings in ({}, one_of_everything(rule)):
        ours = Run(mg, rule, settings)
        ours.go(9)
        state = ours.optimizer.state_dict()
        theirs = Run(torch, rule, settings, ours.arrays(), started=9)
        theirs.optimizer.load_state_dict(translated(state, lambda value: torch.tensor(np.asarray(value))))
        own = theirs.optimizer.state_dict()
        assert list(state["state"]) == list(own["state"])
        assert all(set(state["state"][key]) == set(own["state"][key]) for key in own["state"])
        assert_same_path(ours.go(12), theirs.go(12), f"{rule} {settings}")


@pytest.mark.parametrize("rule", RULES)
def test_a_loaded_copy_goes_on_alike_and_alone(rule):
    first = Run(mg, rule, one_of_everything(rule))
    first.go(9)
    second = Run(mg, rule, {}, first.arrays(), started=9)
    state = first.optimizer.state_dict()
    second.optimizer.load_state_dict(state)
    expected = first.go(12)  # changes the memory that `state` shows, but not the loaded copy
    for mine, other in zip(second.go(12), expected, strict=True):
        for a, b in zip(mine, other, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("rule", RULES)
def test_weights_and_memory_keep_their_dtype_and_place_whatever_the_settings_are(rule):
    def as_numpy(value):
        if isinstance(value, tuple):
            return tuple(np.float64(part) for part in value)
        return value if isinstance(value, bool) else np.float64(value)

    weights = [mg.nn.Parameter(mg.ones(shape)) for shape in SHAPES]
    arrays = [weight.array for weight in weights]
    settings = {name: as_numpy(value) for name, value in one_of_everything(rule).items()}
    optimizer = getattr(mg.optim, rule)(weights, lr=np.float64(0.1), **settings)
    for _ in range(3):
        for weight in weights:
            weight.grad = mg.full(weight.shape, 2.0)
        optimizer.step()
    for weight, array in zip(weights, arrays, strict=True):
        assert weight.array is array and array.dtype == np.float32 and (array != 1).all()
        assert weight.grad.array.dtype == np.float32 and (weight.grad.array == 2).all()
        held = [value for name, value in optimizer.state[weight].items() if name != "step"]
        assert held and all(type(h) is np.ndarray and h.dtype == np.float32 and h.shape == array.shape for h in held)


@pytest.mark.parametrize("rule", RULES)
def test_numpys_numbers_as_settings_calculate_as_pythons_do(rule):
    def run(number):
        rng = np.random.default_rng(0)
        w = mg.tensor(rng.normal(size=100).astype(np.float32), requires_grad=True)
        settings = {
            name: tuple(map(number, value)) if isinstance(value, tuple) else number(value)
            for name, value in one_of_everything(rule).items()
            if not isinstance(value, bool)
        }
        optimizer = getattr(mg.optim, rule)([w], lr=number(0.1), **settings)
        for _ in range(3):
            w.grad = mg.tensor(rng.normal(size=100).astype(np.float32))
            optimizer.step()
        return w.detach().numpy()

    # In float64 on the way, and rounded at the end, they would differ in some last digits.
    assert np.array_equal(run(np.float64), run(float))


@pytest.mark.parametrize("rule", RULES)
def test_a_weight_that_is_not_contiguous_is_updated_in_place(rule):
    whole = np.ones((4, 6))
    w = mg.nn.Parameter(mg.from_numpy(whole[::2, ::3].T))
    w.grad = mg.ones(2, 2, dtype=mg.float64)
    getattr(mg.optim, rule)([w], lr=0.5).step()
    assert (whole[::2, ::3] < 1).all() and (whole != 1).sum() == 4


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_the_bottom_of_a_bowl_and_maximize_climbs(rule):
    for maximize in (False, True):
        w = mg.tensor([1.0, -2.0], requires_grad=True)
        optimizer = getattr(mg.optim, rule)([w], lr=0.1, maximize=maximize)
        before = (w * w).sum().item()
        for _ in range(50):
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()
        assert ((w * w).sum().item() > before) is maximize


NEGATIVE = {
    "SGD": ["lr", "momentum", "weight_decay"],
    "Adam": ["lr", "eps", "weight_decay"],
    "AdamW": ["lr", "eps", "weight_decay"],
    "RMSprop": ["lr", "eps", "momentum", "weight_decay", "alpha"],
    "Adagrad": ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"],
    "Adadelta": ["lr", "eps", "weight_decay"],
}


@pytest.mark.parametrize(("rule", "name"), [(rule, name) for rule in RULES for name in NEGATIVE[rule]])
def test_what_must_not_be_negative_is_refused_for_all_and_for_one_group(rule, name):
    make = getattr(mg.optim, rule)
    for value in (-0.1, float("nan")):
        for attempt in (
            lambda value=value: make([mg.ones(1)], **{name: value}),
            lambda value=value: make([{"params": [mg.ones(1)], name: value}]),
        ):
            with pytest.raises(ValueError, match=f"^{rule}: {name} must be >= 0, got {value}"):
                attempt()
    make([mg.ones(1)], **{name: 0.0})
