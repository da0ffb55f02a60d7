"""`Optimizer`: which parameters to change, with which settings, and what each remembers from step to step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minigrad.autograd import enable_grad
from minigrad.backend import Array
from minigrad.tensor import Tensor


class Optimizer:
    """The base of all optimisers. A subclass writes `update(array, gradient, memory, settings)`, in place, and `check`.

    param_groups: dicts with "params" and the group's own settings, as in PyTorch.
    state: for each parameter a dict of what the rule remembers (a momentum buffer, ...).
    """

    def __init__(self, params: Iterable[Tensor] | Iterable[dict[str, Any]], defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            what = type(params).__name__
            raise TypeError(f"{name}: expected parameters in a list, such as net.parameters(), got a {what}.")
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError(f"{name}: the list of parameters is empty.")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Array]] = {}
        self.param_groups: list[dict[str, Any]] = []
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Add parameters with settings of their own; what the group does not say is taken from the defaults."""
        name = type(self).__name__
        members = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        known = {parameter for other in self.param_groups for parameter in other["params"]}
        for parameter in members:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"{name}: expected Tensors to optimise, got {type(parameter).__name__}.")
            if not parameter.is_leaf:
                raise ValueError(f"{name}: only leaves can be optimised; one is the result of {parameter.record}.")
            if parameter in known:
                raise ValueError(f"{name}: a parameter of shape {parameter.shape} was given twice.")
            known.add(parameter)
        settings = {**self.defaults, **group, "params": members}
        self.check(settings)
        self.param_groups.append(settings)

    def check(self, settings: dict[str, Any]) -> None:
        """Raise ValueError for a group's settings that make no sense."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter.grad = None
                elif parameter.grad is not None:
                    parameter.grad.zero_()

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Change every parameter that has a gradient. A `closure` computes the loss (and gradients) first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    memory = self.state.setdefault(parameter, {})
                    self.update(parameter.array, parameter.grad.array, memory, group)
                    parameter.edited()
        return loss

    def update(self, array: Array, gradient: Array, memory: dict[str, Array], settings: dict[str, Any]) -> None:
        """Change `array` in place. `gradient` is not changed; `memory` is this parameter's, and starts empty."""
        raise NotImplementedError(f"{type(self).__name__} needs a method update(array, gradient, memory, settings).")
