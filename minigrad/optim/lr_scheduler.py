"""Learning-rate schedules: each changes `lr` in the optimiser's groups at every `step()`, once an epoch or a batch.

>>> scheduler = mg.optim.lr_scheduler.StepLR(optimizer, step_size=30)
>>> for epoch in range(100):
...     train(...)
...     scheduler.step()

In the formulas t counts the calls of `step()`, and lr0 is a group's rate when its first schedule was made, kept as
"initial_lr" in the group. Most schedules go from the rate of now to the next one, as PyTorch's do, so that two of them
on one optimiser multiply, and a rate that was set by hand stays set.

A schedule starts when it is made: OneCycleLR, for one, sets the rate of the first step at once.
"""

from __future__ import annotations

import copy
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, SupportsFloat

from minigrad.kinds import Checked, checked, look_at
from minigrad.optim.optimizer import Optimizer


class LRScheduler(Checked):
    """The base of all schedules. A subclass writes `get_lr()`, the rates of all groups at `last_epoch`.

    last_epoch: how often `step()` was called, t. To go on with a schedule, load its `state_dict()`; or give the t of
        the last step, where the groups have an "initial_lr" already.
    base_lrs: lr0 of each group.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: to go on after last_epoch={last_epoch}, group {number} of the optimiser "
                    "needs an 'initial_lr'. Load the optimiser's state_dict first."
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self.step()

    def step(self) -> None:
        """Go on to the next rate. Call it after `optimizer.step()`."""
        self.last_epoch += 1
        self._step_count += 1
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._last_lr = self._lrs()

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch`. `step()` calls it; to look at the rates use `get_last_lr()`."""
        raise NotImplementedError(f"{type(self).__name__} needs a method get_lr().")

    def get_last_lr(self) -> list[float]:
        """The rate of each group after the last `step()`."""
        return list(self._last_lr)

    def _is_initial(self) -> bool:
        """Whether this is the step that making the schedule takes. When it goes on, the rates are the right ones."""
        return self._step_count == 1

    def _lrs(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list[float]:
        return [lr * factor for lr in self._lrs()]

    def state_dict(self) -> dict[str, Any]:
        """A copy of all that the schedule knows, but for its optimiser, which has a `state_dict()` of its own."""
        return copy.deepcopy({name: value for name, value in vars(self).items() if name != "optimizer"})

    @checked
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue where a `state_dict()`, ours or PyTorch's, was taken. The rates themselves are the optimiser's.

        What this schedule does not know is passed over; for what it lacks, a ValueError lists all names.
        """
        self._refuse(state_dict)
        vars(self).update(copy.deepcopy({name: state_dict[name] for name in self.state_dict()}))

    def _refuse(self, state_dict: Mapping[str, Any]) -> None:
        missing = sorted(set(self.state_dict()) - set(state_dict))
        if missing:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: nothing was loaded, since the state lacks "
                f"{', '.join(missing)}. Was it saved by another kind of schedule?"
            )


look_at(LRScheduler, lambda value: hasattr(value, "optimizer") and hasattr(value, "step"), "an LRScheduler")


class LambdaLR(LRScheduler):
    """lr = lr0 * lr_lambda(t).

    lr_lambda: a function of t, or a list of them, one for each group.

    The state holds what callable objects have as attributes; of plain functions nothing is saved.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer
        self.lr_lambdas = _one_for_each_group("lr_lambda", lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [lr * factor(self.last_epoch) for lr, factor in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        known = {name: value for name, value in vars(self).items() if name not in ("optimizer", "lr_lambdas")}
        attributes = [vars(factor) if _has_attributes(factor) else None for factor in self.lr_lambdas]
        return copy.deepcopy({**known, "lr_lambdas": attributes})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        for function, attributes in zip(functions, self.lr_lambdas, strict=True):
            if attributes is not None:
                vars(function).update(attributes)
        self.lr_lambdas = functions


def _has_attributes(function: Callable) -> bool:
    return type(function).__name__ != "function" and hasattr(function, "__dict__")


class StepLR(LRScheduler):
    """Times `gamma` every `step_size` steps: lr = lr0 * gamma^⌊t / step_size⌋."""

    def __init__(self, optimizer: Optimizer, step_size: float, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be >= 1, got {step_size}.")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        is_due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self._times(self.gamma) if is_due else self._lrs()


class MultiStepLR(LRScheduler):
    """Times `gamma` at each of the `milestones`: lr = lr0 * gamma^(number of milestones <= t).

    milestones: numbers of steps, in any order; one that is given twice counts twice.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[float], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._times(self.gamma ** self.milestones.get(self.last_epoch, 0))  # a plain dict, if loaded


class ExponentialLR(LRScheduler):
    """Times `gamma` at every step: lr = lr0 * gamma^t."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._lrs() if self._is_initial() else self._times(self.gamma)


class LinearLR(LRScheduler):
    """A straight line from lr0 * start_factor to lr0 * end_factor, in total_iters steps; there it stays. For a warm-up.

        lr = lr0 * f(t),    f(t) = start_factor + (end_factor - start_factor) * t / total_iters    for t <= total_iters

    Each step multiplies lr by f(t) / f(t - 1).
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: float = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must be > 0 and <= 1, got {start_factor}.")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be between 0 and 1, got {end_factor}.")
        if total_iters < 1:
            raise ValueError(f"LinearLR: total_iters must be >= 1, got {total_iters}.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        if t == 0:
            return self._times(self.start_factor)
        if self._is_initial() or t > self.total_iters:
            return self._lrs()
        return self._times(self._factor(t) / self._factor(t - 1))

    def _factor(self, t: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * t / self.total_iters


class CosineAnnealingLR(LRScheduler):
    """Half a cosine wave, from lr0 down to eta_min in T_max steps (and up again in the next T_max):

        lr = eta_min + (lr0 - eta_min) * (1 + cos(π t / T_max)) / 2

    Each step multiplies lr - eta_min by the quotient of two neighbouring terms. One step after the bottom, where that
    would be 0 / 0, the formula's own difference is added.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), without restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be >= 1, got {T_max}.")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, low = self.last_epoch, self.eta_min
        if self._is_initial():
            return self._lrs()
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [lr + (base - low) * rise for lr, base in zip(self._lrs(), self.base_lrs, strict=True)]
        factor = (1 + math.cos(math.pi * t / self.T_max)) / (1 + math.cos(math.pi * (t - 1) / self.T_max))
        return [low + (lr - low) * factor for lr in self._lrs()]


class OneCycleLR(LRScheduler):
    """Up from a small rate to `max_lr`, then down to a tiny one, while the momentum goes the other way.

    To be stepped after every batch. High rates in the middle keep the weights from settling in narrow valleys; the
    long way down lets them settle. The steps 0 .. total_steps - 1 are cut into phases,

        lr         max_lr / div_factor  ->  max_lr         ->  max_lr / div_factor / final_div_factor
        momentum   max_momentum         ->  base_momentum  ->  max_momentum
        step       0                        pct_start * total_steps - 1                total_steps - 1

    and within a phase, p of the way through it, a value goes from start to end as
    end + (start - end) * (1 + cos(π p)) / 2, or with 'linear' as start + (end - start) * p.

    total_steps: how many steps in all; or give `epochs` and `steps_per_epoch`.
    three_phase: goes down to max_lr / div_factor in as many steps as it went up, and then on to the end.
    cycle_momentum: whether to change the momentum too; in optimisers with `betas` it is the first of them.
    max_lr, max_momentum, base_momentum: a number, or a list with one for each group.

    Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates"
    (2018), in the two phases of the fast.ai library.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, got {pct_start}.")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}.")
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"OneCycleLR: {type(optimizer).__name__} has neither momentum nor betas. Give cycle_momentum=False."
            )
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        max_lrs = _one_for_each_group("max_lr", max_lr, optimizer)
        high = _one_for_each_group("max_momentum", max_momentum, optimizer)
        low = _one_for_each_group("base_momentum", base_momentum, optimizer)
        if last_epoch == -1:
            for i, group in enumerate(optimizer.param_groups):
                start = max_lrs[i] / div_factor
                group.update(initial_lr=start, max_lr=max_lrs[i], min_lr=start / final_div_factor)
                if cycle_momentum:
                    group.update(max_momentum=high[i], base_momentum=low[i])
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: step {self.last_epoch} of {self.total_steps}. The cycle is over.")
        phase, part = self._where()
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum
        groups = self.optimizer.param_groups
        return [self._between(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in groups]

    def _where(self) -> tuple[dict[str, Any], float]:
        """The phase of now, and the part of it (0..1) that is over."""
        start, phase = 0.0, self._schedule_phases[0]
        for following in self._schedule_phases[1:]:
            if self.last_epoch <= phase["end_step"]:
                break
            start, phase = phase["end_step"], following
        length = phase["end_step"] - start
        return phase, (self.last_epoch - start) / length if length else 1.0

    def _between(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return start + (end - start) * part
        return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        given = {"total_steps": total_steps}
    elif epochs is not None and steps_per_epoch is not None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    else:
        raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch.")
    for name, value in given.items():
        if value < 1:
            raise ValueError(f"OneCycleLR: {name} must be a whole number >= 1, got {value}.")
    return math.prod(given.values())


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """The cycle's phases, as names of settings in the groups. The last one ends with the last step."""
    up = float(pct_start * total_steps)
    way = [("initial_lr", "max_momentum", up - 1), ("max_lr", "base_momentum", total_steps - 1)]
    if three_phase:
        way[1:] = [("max_lr", "base_momentum", 2 * up - 2), ("initial_lr", "max_momentum", total_steps - 1)]
    ends = [*way[1:], ("min_lr", "max_momentum", None)]
    return [
        {"end_step": step, "start_lr": lr, "end_lr": end_lr, "start_momentum": momentum, "end_momentum": end_momentum}
        for (lr, momentum, step), (end_lr, end_momentum, _) in zip(way, ends, strict=True)
    ]


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` when a number to watch has not become better for more than `patience` steps.

    mode: 'min' if smaller is better (a loss), 'max' if larger is (an accuracy).
    threshold: what counts as better than the best: < best * (1 - threshold) for 'min' and 'rel',
        > best * (1 + threshold) for 'max' and 'rel', and best -/+ threshold for threshold_mode='abs'.
    cooldown: for how many steps after a change no bad step is counted.
    min_lr: the rate never falls below it; a number, or a list with one for each group.
    eps: changes that are not larger than this are not made.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: float = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: float = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        # Not the base's: nothing starts with a step here, since there is no number to watch yet.
        self.optimizer = optimizer
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be < 1, got {factor}.")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}.")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}.")
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = _one_for_each_group("min_lr", min_lr, optimizer)
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter: float = 0
        self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = self._lrs()

    @checked
    def step(self, metrics: SupportsFloat) -> None:
        """Look at the number to watch, such as the validation loss, and change the rates if it is time."""
        current = float(metrics)
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                lr = max(group["lr"] * self.factor, least)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._lrs()

    def _is_better(self, current: float) -> bool:
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            bound = self.best * (1 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return sign * current > sign * bound


class SequentialLR(LRScheduler):
    """One schedule after another: the first, from milestones[0] on the second, and so on, each from its own t = 0.

    >>> warm_up = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    >>> scheduler = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, T_max=95)], milestones=[5])

    schedulers: of the same optimiser; none of them a ReduceLROnPlateau, which has to be given a number, and none a
        SequentialLR. Only this schedule is to be stepped.
    milestones: the steps at which the next one begins, each larger than the one before.

    To go on with it, load its `state_dict()`: with last_epoch alone it goes on with the first schedule, as in PyTorch.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        # Not the base's: the schedules have taken their first steps, and all but one have to go back.
        self.optimizer = optimizer
        self._schedulers, self._milestones = list(schedulers), list(milestones)
        self._check_parts()
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for schedule in self._schedulers:
            schedule.last_epoch -= 1
        self.last_epoch = last_epoch + 1
        first = self._at(0)
        first._step_count = 0
        first.step()
        self._last_lr = first.get_last_lr()

    def _check_parts(self) -> None:
        for schedule in self._schedulers:
            if isinstance(schedule, (ReduceLROnPlateau, SequentialLR)):
                raise ValueError(f"SequentialLR: a {type(schedule).__name__} cannot be one of several schedules.")
            if schedule.optimizer is not self.optimizer:
                raise ValueError(f"SequentialLR: a {type(schedule).__name__} is of another optimiser.")
        times = self._milestones
        if len(times) != len(self._schedulers) - 1:
            raise ValueError(
                "SequentialLR: expected a milestone for each schedule but the first, "
                f"got {len(times)} of them for {len(self._schedulers)} schedules."
            )
        if times != sorted(set(times)):
            raise ValueError(f"SequentialLR: each of the milestones must be larger than the one before, got {times}.")

    def _at(self, step: int) -> LRScheduler:
        """The schedule whose turn it is."""
        return self._schedulers[bisect_right(self._milestones, step)]

    def step(self) -> None:
        """Go on to the next rate. Call it after `optimizer.step()`."""
        self.last_epoch += 1
        now = self._at(self.last_epoch)
        if self.last_epoch in self._milestones:
            for group, lr in zip(self.optimizer.param_groups, now.base_lrs, strict=True):
                group["lr"] = lr
            now.last_epoch, now._step_count = -1, 0
        now.step()
        self._last_lr = now.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        known = {name: value for name, value in vars(self).items() if name not in ("optimizer", "_schedulers")}
        return copy.deepcopy({**known, "_schedulers": [schedule.state_dict() for schedule in self._schedulers]})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self._refuse(state_dict)
        states = state_dict["_schedulers"]
        if len(states) != len(self._schedulers):
            raise ValueError(
                f"SequentialLR.load_state_dict: nothing was loaded, since the state is of {len(states)} schedules, "
                f"and here are {len(self._schedulers)}."
            )
        schedules = self._schedulers
        for schedule, state in zip(schedules, states, strict=True):
            schedule._refuse(state)
        super().load_state_dict(state_dict)
        self._schedulers = schedules
        for schedule, state in zip(schedules, states, strict=True):
            schedule.load_state_dict(state)


def _one_for_each_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """A list with a value for each group, from such a list or from one value for all."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name}: expected {count} values, one for each group of the optimiser, got {len(value)}.")
    return list(value)
