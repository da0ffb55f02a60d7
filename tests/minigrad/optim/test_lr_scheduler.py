import copy
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import SGD, Adagrad, Adam
from minigrad.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)


class Warmup:
    """A factor that grows, as an object whose attributes can be saved."""

    def __init__(self, length):
        self.length = length

    def __call__(self, t):
        return min(1.0, (t + 1) / self.length)


CASES = {
    "step": ("StepLR", {"step_size": 3}),
    "step of one": ("StepLR", {"step_size": 1, "gamma": 0.7}),
    "milestones": ("MultiStepLR", {"milestones": [2, 5, 5, 11]}),
    "milestone at the start": ("MultiStepLR", {"milestones": (9, 0, 4), "gamma": 0.5}),
    "exponential": ("ExponentialLR", {"gamma": 0.9}),
    "line": ("LinearLR", {}),
    "line, down to 0": ("LinearLR", {"start_factor": 0.9, "end_factor": 0.0, "total_iters": 7}),
    "line of one step": ("LinearLR", {"start_factor": 0.25, "total_iters": 1}),
    "cosine": ("CosineAnnealingLR", {"T_max": 25}),
    "cosine, there and back and there": ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    "cosine of one step": ("CosineAnnealingLR", {"T_max": 1}),
    "lambda": ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + t)}),
    "lambdas": ("LambdaLR", {"lr_lambda": [lambda t: 0.5**t, Warmup(10)]}),
    "one cycle": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 24}),
    "one cycle, one step too many": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 23}),
    "one cycle of epochs": ("OneCycleLR", {"max_lr": [0.2, 0.3], "epochs": 5, "steps_per_epoch": 6}),
    "one cycle in lines": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 24, "anneal_strategy": "linear"}),
    "one cycle in three phases": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 26, "three_phase": True}),
    "one cycle, all settings": ("OneCycleLR", {
        "max_lr": 0.2, "total_steps": 25, "pct_start": 0.41, "base_momentum": [0.5, 0.6], "max_momentum": 0.7,
        "div_factor": 3.0, "final_div_factor": 10.0, "three_phase": True, "anneal_strategy": "linear"}),
    "one cycle, all at once down": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 24, "pct_start": 0.0}),
    "one cycle, up to the end": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 24, "pct_start": 1.0}),
    "one cycle, momentum as it was": ("OneCycleLR", {"max_lr": 0.2, "total_steps": 24, "cycle_momentum": False}),
    "a warm-up, then a cosine": ("SequentialLR", {"schedulers": ["line", "cosine"], "milestones": [5]}),
    "three": ("SequentialLR", {"schedulers": ["lambda", "one cycle", "milestones"], "milestones": [1, 11]}),
    "no time for the first": ("SequentialLR", {"schedulers": ["exponential", "step"], "milestones": (0,)}),
    "one alone": ("SequentialLR", {"schedulers": ["exponential"], "milestones": []}),
    "plateau": ("ReduceLROnPlateau", {"patience": 2, "factor": 0.5}),
    "plateau, at once": ("ReduceLROnPlateau", {"patience": 0}),
    "plateau, all settings": ("ReduceLROnPlateau", {"mode": "max", "patience": 1, "factor": 0.5, "threshold": 0.2,
                              "threshold_mode": "abs", "cooldown": 2, "min_lr": [0.01, 0.001], "eps": 1e-3}),
    "plateau, max and rel": ("ReduceLROnPlateau", {"mode": "max", "patience": 1, "threshold": 0.3}),
    "plateau, min and abs": ("ReduceLROnPlateau", {"patience": 1, "threshold": 0.3, "threshold_mode": "abs"}),
    "plateau, min and rel": ("ReduceLROnPlateau", {"patience": 1, "threshold": 0.3, "min_lr": 1e-3, "cooldown": 1}),
}  # fmt: skip
OPTIMIZERS = {"SGD": {"momentum": 0.9}, "Adam": {"betas": (0.9, 0.99)}}
STEPS = 23
METRICS = np.random.default_rng(5).uniform(0.5, 2.0, size=STEPS) * np.linspace(2, 1, STEPS)


def schedule_of(lib, optimizer, case, **more):
    name, settings = CASES[case]
    settings = {**copy.deepcopy(settings), **more}
    if "schedulers" in settings:
        settings["schedulers"] = [schedule_of(lib, optimizer, part, **more) for part in settings["schedulers"]]
    return getattr(lib.optim.lr_scheduler, name)(optimizer, **settings)


class Run:
    """Two groups with rates of their own, under one optimiser and some schedules."""

    def __init__(self, lib, rule="SGD", cases=("step",)):
        self.lib = lib
        self.weights = [lib.tensor(np.array([1.0, -2.0]), requires_grad=True) for _ in range(2)]
        groups = [{"params": [self.weights[0]]}, {"params": [self.weights[1]], "lr": 0.02}]
        self.optimizer = getattr(lib.optim, rule)(groups, lr=0.05, **OPTIMIZERS.get(rule, {}))
        self.schedules = []
        for case in cases:
            self.schedules.append(schedule_of(lib, self.optimizer, case))
        self.rng = np.random.default_rng(2)
        self.done = 0

    def numbers(self):
        """All numbers that the schedules can change, and what comes of them."""
        rates = [
            [group["lr"], group.get("momentum", 0), *group.get("betas", ()), group.get("initial_lr", 0.0)]
            for group in self.optimizer.param_groups
        ]
        last = [schedule.get_last_lr() for schedule in self.schedules]
        return [*np.ravel(rates), *np.ravel(last), *(w.detach().numpy().copy() for w in self.weights)]

    def go(self, steps=STEPS):
        path = [np.hstack(self.numbers())]
        for _ in range(steps):
            for weight in self.weights:
                weight.grad = self.lib.tensor(self.rng.normal(size=2))
            self.optimizer.step()
            for schedule in self.schedules:
                watches = type(schedule).__name__ == "ReduceLROnPlateau"
                schedule.step(METRICS[self.done]) if watches else schedule.step()
            self.done += 1
            path.append(np.hstack(self.numbers()))
        return np.array(path)


def rates(schedule, steps=STEPS):
    """The first group's rate at t = 0, 1, ..."""
    found = schedule.get_last_lr()[:1]
    for _ in range(steps):
        schedule.step()
        found += schedule.get_last_lr()[:1]
    return found


def in_turn(parts, milestones):
    optimizer = sgd()
    return SequentialLR(optimizer, [part(optimizer, *([2] * (part is StepLR))) for part in parts], milestones)


def sgd(lr=0.4, **settings):
    return SGD([mg.nn.Parameter(mg.ones(1))], lr=lr, **settings)


@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("case", CASES)
def test_rates_and_weights_are_pytorchs(torch, case, rule):
    ours, theirs = (Run(lib, rule, [case]).go() for lib in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    assert len(np.unique(ours[:, 0])) > 1  # a schedule that does nothing shows nothing


@pytest.mark.parametrize("cases", [
    ("exponential", "milestones"), ("step", "exponential", "plateau"), ("cosine", "step"), ("milestones", "cosine"),
    ("line", "exponential"),
])  # fmt: skip
def test_schedules_on_one_optimiser_work_together_as_in_pytorch(torch, cases):
    ours, theirs = (Run(lib, "SGD", cases).go() for lib in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("make", "formula"), [
    (lambda o: StepLR(o, 3, 0.5), lambda t: 0.4 * 0.5 ** (t // 3)),
    (lambda o: MultiStepLR(o, [7, 2, 7], 0.5), lambda t: 0.4 * 0.5 ** sum(t >= m for m in (2, 7, 7))),
    (lambda o: ExponentialLR(o, 0.9), lambda t: 0.4 * 0.9**t),
    (lambda o: LinearLR(o, 0.1, 0.8, 7), lambda t: 0.4 * (0.1 + 0.7 * min(t, 7) / 7)),
    (lambda o: CosineAnnealingLR(o, 6, 0.1), lambda t: 0.1 + 0.3 * (1 + math.cos(math.pi * t / 6)) / 2),
    (lambda o: LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: 0.4 / (1 + t)),
])  # fmt: skip
def test_rates_are_the_formula(make, formula):
    np.testing.assert_allclose(rates(make(sgd())), [formula(t) for t in range(STEPS + 1)], rtol=1e-9)


def test_two_schedules_multiply():
    optimizer = sgd()
    one, two = ExponentialLR(optimizer, 0.9), StepLR(optimizer, 4)
    for t in range(1, 12):
        one.step()
        two.step()
        np.testing.assert_allclose(optimizer.param_groups[0]["lr"], 0.4 * 0.9**t * 0.1 ** (t // 4), rtol=1e-12)


def test_one_cycle_goes_up_and_down_while_the_momentum_goes_down_and_up():
    optimizer = sgd(momentum=0.9)
    schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=21, pct_start=1 / 3)
    found = [(optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"])]
    for _ in range(20):
        schedule.step()
        found.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
    lr, momentum = np.array(found).T
    np.testing.assert_allclose(lr[[0, 3, 6, 13, 20]], [0.04, 0.52, 1, (1 + 4e-6) / 2, 4e-6], rtol=1e-9)
    np.testing.assert_allclose(momentum[[0, 3, 6, 13, 20]], [0.95, 0.9, 0.85, 0.9, 0.95], rtol=1e-9)
    assert (np.diff(lr)[:6] > 0).all() and (np.diff(lr)[6:] < 0).all()


def test_a_phase_without_length_is_over_at_once():
    assert rates(OneCycleLR(sgd(), max_lr=1.0, total_steps=10, pct_start=0.1), 9)[::9] == [1, pytest.approx(4e-6)]
    assert rates(OneCycleLR(sgd(), max_lr=1.0, total_steps=1), 0) == [pytest.approx(4e-6)]


def test_the_end_of_the_cycle_is_an_error():
    schedule = OneCycleLR(sgd(), max_lr=1.0, total_steps=3)
    rates(schedule, 3)
    with pytest.raises(ValueError, match=r"OneCycleLR: step 4 of 3\. The cycle is over\."):
        schedule.step()


def test_plateaus_are_counted_by_hand():
    optimizer = sgd(lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1, threshold=0.1, cooldown=2, min_lr=0.2)
    watched = [
        (2.0, 1.0), (1.9, 1.0), (1.81, 0.5),  # not 10 % below the best, for the second time
        (1.85, 0.5), (1.81, 0.5),  # the cooldown, in which nothing is counted
        (1.81, 0.5), (1.81, 0.25),
        (1.7, 0.25), (mg.tensor(1.7), 0.25),  # better, but only during the cooldown, then the cooldown's end
        (1.6, 0.25), (1.6, 0.2),  # the floor
    ]  # fmt: skip
    for number, lr in watched:
        schedule.step(number)
        assert optimizer.param_groups[0]["lr"] == lr and schedule.get_last_lr() == [lr]
    assert schedule.last_epoch == len(watched) and schedule.best == 1.7


def test_changes_that_are_not_larger_than_eps_are_not_made():
    optimizer = sgd(lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=0, eps=0.5)
    for _ in range(3):
        schedule.step(1.0)
    assert optimizer.param_groups[0]["lr"] == 1


@pytest.mark.parametrize(
    "settings", [{"threshold": 0.0}, {"threshold": 0.5}, {"threshold": 1.0, "threshold_mode": "abs"}]
)
@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_number_at_the_bound_is_not_better(mode, settings):
    sign = -1 if mode == "min" else 1
    schedule = ReduceLROnPlateau(sgd(), mode=mode, **settings)
    schedule.step(2.0)
    at_the_bound = 2.0 + sign * settings["threshold"] * (1 if "threshold_mode" in settings else 2.0)
    schedule.step(at_the_bound)
    assert (schedule.best, schedule.num_bad_epochs) == (2.0, 1)
    schedule.step(at_the_bound + sign * 1e-9)
    assert (schedule.best, schedule.num_bad_epochs) == (at_the_bound + sign * 1e-9, 0)


def test_nan_is_never_better():
    optimizer = sgd(lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
    for number in (1.0, math.nan, math.nan):
        schedule.step(number)
    assert optimizer.param_groups[0]["lr"] == 0.5 and schedule.best == 1


def test_the_last_rates_are_a_copy():
    schedule = StepLR(sgd(), 3)
    schedule.get_last_lr().append(7)
    assert schedule.get_last_lr() == [0.4]


def test_a_rate_that_was_set_by_hand_stays_set():
    optimizer = sgd()
    schedule = StepLR(optimizer, 2)
    optimizer.param_groups[0]["lr"] = 3.0
    schedule.step()
    assert schedule.get_last_lr() == [3.0]
    assert optimizer.param_groups[0]["initial_lr"] == 0.4 and schedule.base_lrs == [0.4]


def test_a_schedule_of_ones_own_needs_only_get_lr():
    class Harmonic(LRScheduler):
        def get_lr(self):
            return [lr / (1 + self.last_epoch) for lr in self.base_lrs]

    assert rates(Harmonic(sgd()), 3) == pytest.approx([0.4, 0.2, 0.4 / 3, 0.1])
    with pytest.raises(NotImplementedError, match="LRScheduler needs a method get_lr"):
        LRScheduler(sgd())


# -- saving and loading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_loaded_copy_goes_on_alike_and_alone(case):
    first = Run(mg, "Adam", [case])
    first.go(9)
    saved = first.optimizer.state_dict(), first.schedules[0].state_dict()
    second = Run(mg, "Adam", [case])
    second.go(2)  # somewhere else
    for weight, other in zip(second.weights, first.weights, strict=True):
        weight.array[...] = other.array
    second.rng, second.done = copy.deepcopy(first.rng), 9
    second.optimizer.load_state_dict(saved[0])
    second.schedules[0].load_state_dict(saved[1])
    first_path = first.go(14)
    assert np.array_equal(second.go(14), first_path)
    assert saved[1]["last_epoch"] == 9


@pytest.mark.parametrize("case", CASES)
def test_states_are_exchanged_with_pytorch_in_the_middle(torch, case):
    for source, target in ((mg, torch), (torch, mg)):
        first, second = Run(source, "SGD", [case]), Run(target, "SGD", [case])
        first.go(9)
        second.go(9)  # for the weights and velocities, which are not the matter here
        state = first.schedules[0].state_dict()
        second.schedules[0] = schedule_of(target, second.optimizer, case)
        for group, other in zip(second.optimizer.param_groups, first.optimizer.param_groups, strict=True):
            group.update({name: value for name, value in other.items() if name != "params"})
        second.schedules[0].load_state_dict(state)
        np.testing.assert_allclose(second.go(14), first.go(14), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("plateau")])
def test_a_new_schedule_goes_on_after_last_epoch_as_in_pytorch(torch, case):
    def run(lib):
        first = Run(lib, "SGD", [case])
        first.go(8)
        first.schedules = [schedule_of(lib, first.optimizer, case, last_epoch=8)]
        return first.go(13)

    np.testing.assert_allclose(run(mg), run(torch), rtol=1e-12, atol=1e-14)


def test_attributes_of_callable_objects_are_saved_and_functions_are_not():
    def make(length):
        return LambdaLR(SGD([{"params": [mg.ones(1)]}, {"params": [mg.ones(1)]}]), [abs, Warmup(length)])

    saved, other = make(10), make(20)
    assert saved.state_dict()["lr_lambdas"] == [None, {"length": 10}]
    functions = other.lr_lambdas
    other.load_state_dict(saved.state_dict())
    assert other.lr_lambdas is functions and functions[1].length == 10 and functions[0] is abs


def test_the_state_is_a_copy():
    schedule = MultiStepLR(sgd(), [1, 2])
    state = schedule.state_dict()
    state["milestones"][5] = 1
    assert 5 not in schedule.milestones
    schedule.load_state_dict(state)
    state["milestones"][6] = 1
    assert set(schedule.milestones) == {1, 2, 5}


def test_the_state_of_another_schedule_is_refused_and_nothing_is_changed():
    schedule = StepLR(sgd(), 3)
    before = schedule.state_dict()
    with pytest.raises(ValueError, match=r"StepLR.load_state_dict: .* the state lacks gamma, step_size\. .*kind"):
        schedule.load_state_dict({**CosineAnnealingLR(sgd(), 5).state_dict(), "last_epoch": 9})
    assert schedule.state_dict() == before


def test_of_several_schedules_all_states_are_looked_at_before_one_is_loaded():
    def make(*parts):
        optimizer = sgd()
        return SequentialLR(optimizer, [part(optimizer, 3) for part in parts], [4] * (len(parts) - 1))

    schedule = make(StepLR, CosineAnnealingLR)
    before = schedule.state_dict()
    others = make(StepLR, StepLR), make(StepLR), make(CosineAnnealingLR, StepLR)
    for other, message in zip(others, ["lacks T_max", "is of 1 schedules, and here are 2", "lacks gamma"], strict=True):
        rates(other, 2)
        with pytest.raises(ValueError, match=f"load_state_dict: nothing was loaded, since the state {message}"):
            schedule.load_state_dict(other.state_dict())
        assert schedule.state_dict() == before


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: StepLR(mg.nn.Linear(1, 1), 3), TypeError, "StepLR: optimizer must be an Optimizer, got Linear"),
    (lambda: ReduceLROnPlateau([1]), TypeError, "ReduceLROnPlateau: optimizer must be an Optimizer, got .1"),
    (lambda: OneCycleLR(None, 1.0), TypeError, "OneCycleLR: optimizer must be an Optimizer"),
    (lambda: LambdaLR(None, abs), TypeError, "LambdaLR: optimizer must be an Optimizer"),
    (lambda: StepLR(sgd(), 0), ValueError, "step_size must be >= 1, got 0"),
    (lambda: LinearLR(sgd(), 0), ValueError, "start_factor must be > 0 and <= 1, got 0"),
    (lambda: LinearLR(sgd(), end_factor=2), ValueError, "end_factor must be between 0 and 1, got 2"),
    (lambda: LinearLR(sgd(), total_iters=0), ValueError, "total_iters must be >= 1, got 0"),
    (lambda: CosineAnnealingLR(sgd(), 0), ValueError, "T_max must be >= 1, got 0"),
    (lambda: ExponentialLR(sgd(), 0.9, last_epoch=3), KeyError, "last_epoch=3, group 0 .* needs an 'initial_lr'"),
    (lambda: LambdaLR(sgd(), [abs, abs]), ValueError, "lr_lambda: expected 1 values, .* got 2"),
    (lambda: OneCycleLR(sgd(), [1.0, 2.0], 5), ValueError, "max_lr: expected 1 values, .* got 2"),
    (lambda: OneCycleLR(sgd(), 1.0, 5, base_momentum=[]), ValueError, "base_momentum: expected 1"),
    (lambda: OneCycleLR(sgd(), 1.0, 5, max_momentum=[]), ValueError, "max_momentum: expected 1"),
    (lambda: ReduceLROnPlateau(sgd(), min_lr=[0, 0]), ValueError, "min_lr: expected 1 values"),
    (lambda: OneCycleLR(sgd(), 1.0), ValueError, "give total_steps, or epochs and steps_per_epoch"),
    (lambda: OneCycleLR(sgd(), 1.0, epochs=5), ValueError, "give total_steps, or epochs and steps_per_epoch"),
    (lambda: OneCycleLR(sgd(), 1.0, total_steps=0), ValueError, "total_steps must be a whole number >= 1, got 0"),
    (lambda: OneCycleLR(sgd(), 1.0, total_steps=5.0), TypeError, "total_steps must be an int or None, got 5.0"),
    (lambda: OneCycleLR(sgd(), 1.0, epochs=0, steps_per_epoch=2), ValueError, "epochs must be a whole number"),
    (lambda: OneCycleLR(sgd(), 1.0, epochs=2, steps_per_epoch=-1), ValueError, "steps_per_epoch must be a whole"),
    (lambda: OneCycleLR(sgd(), 1.0, 5, pct_start=1.1), ValueError, "pct_start must be between 0 and 1, got 1.1"),
    (lambda: OneCycleLR(sgd(), 1.0, 5, anneal_strategy="sin"), ValueError, "must be 'cos' or 'linear', got 'sin'"),
    (lambda: OneCycleLR(Adagrad([mg.ones(1)]), 1.0, 5), ValueError, "Adagrad has neither momentum nor betas"),
    (lambda: in_turn([StepLR, ReduceLROnPlateau], [2]), ValueError, "a ReduceLROnPlateau cannot be one of several"),
    (lambda: in_turn([StepLR], [2]), ValueError, "a milestone for each schedule but the first, got 1 .* for 1"),
    (lambda: in_turn([], []), ValueError, "a milestone for each schedule but the first, got 0 of them for 0"),
    (lambda: in_turn([StepLR] * 3, [3, 3]), ValueError, r"larger than the one before, got \[3, 3\]"),
    (lambda: SequentialLR(sgd(), [StepLR(sgd(), 1)], []), ValueError, "SequentialLR: a StepLR is of another optimiser"),
    (lambda: SequentialLR(sgd(), [1], []), TypeError, "schedulers must be a list of LRSchedulers, got .1"),
    (lambda: ReduceLROnPlateau(sgd(), factor=1.0), ValueError, "factor must be < 1, got 1.0"),
    (lambda: ReduceLROnPlateau(sgd(), mode="least"), ValueError, "mode must be 'min' or 'max', got 'least'"),
    (lambda: ReduceLROnPlateau(sgd(), threshold_mode="x"), ValueError, "threshold_mode must be 'rel' or 'abs'"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_one_cycle_without_momentum_takes_any_optimiser():
    assert rates(OneCycleLR(Adagrad([mg.ones(1)]), 1.0, 5, cycle_momentum=False), 1)[0] == pytest.approx(0.04)
    betas = Adam([mg.ones(1)])
    OneCycleLR(betas, 1.0, 5)
    assert betas.param_groups[0]["betas"] == (0.95, 0.999)
