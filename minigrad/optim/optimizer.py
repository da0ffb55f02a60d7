"""`Optimizer`: which parameters to change, with which settings, and what each remembers from step to step."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from minigrad.autograd import enable_grad
from minigrad.backend import Array, array_module, device_of, is_on_host, to_device
from minigrad.kinds import Checked, checked, look_at, misfit
from minigrad.tensor import Tensor, as_array

Params = Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[dict[str, Any]]


class Optimizer(Checked):
    """The base of all optimisers. A subclass writes `update(array, gradient, memory, settings)`, in place, and `check`.

    params: tensors; or pairs (name, tensor), such as net.named_parameters(), by which messages call them; or dicts with
        such "params" and a group's own settings.
    param_groups: dicts with "params" and the group's settings (and "param_names", if there are any), as in PyTorch.
    state: for each parameter a dict of what the rule remembers (a momentum buffer, the number of steps, ...).
    """

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            what = type(params).__name__
            raise TypeError(f"{name}: expected parameters in a list, such as net.parameters(), got a {what}.")
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError(
                f"{name}: there are no parameters. Layers in a plain list are not seen by a module: put them into an "
                "nn.ModuleList."
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        self._told_of_no_gradient = False
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Add parameters with settings of their own; what the group does not say is taken from the defaults."""
        name = type(self).__name__
        given = group.get("params") if isinstance(group, Mapping) else None
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise TypeError(f'{name}: expected a group to be a dict with a list of Tensors, "params", got {group!r}.')
        members = [given] if isinstance(given, Tensor) else list(given)
        names = [member[0] for member in members if isinstance(member, tuple)]
        if 0 < len(names) < len(members) or any(("param_names" in other) != bool(names) for other in self.param_groups):
            raise ValueError(f"{name}: all parameters, in all groups, must come with a name, or none.")
        members = [member[1] for member in members] if names else members
        known = {parameter for other in self.param_groups for parameter in other["params"]}
        for parameter in members:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"{name}: expected Tensors to optimise, got {type(parameter).__name__}.")
            if not parameter.is_leaf:
                raise ValueError(f"{name}: only leaves can be optimised; one is the result of {parameter.record}.")
            if parameter in known:
                raise ValueError(f"{name}: a parameter of shape {parameter.shape} was given twice.")
            known.add(parameter)
        settings = {**self.defaults, **group, "params": members} | ({"param_names": names} if names else {})
        self._refuse(settings)
        self.param_groups.append(settings)

    def _refuse(self, settings: Mapping[str, Any]) -> None:
        """Raise for a group's settings of a kind that the constructor does not take, or that make no sense."""
        if type(self).__module__.startswith("minigrad."):
            own = {name: settings[name] for name in self.defaults}
            wrong = misfit(type(self).__name__, type(self).__init__, (), own)
            if wrong is not None:
                raise wrong
        self.check(dict(settings))

    def check(self, settings: dict[str, Any]) -> None:
        """Raise ValueError for a group's settings that make no sense."""

    def refuse_negative(self, settings: dict[str, Any], *names: str) -> None:
        """Raise ValueError for the first of these settings that is not >= 0."""
        for name in names:
            if not settings[name] >= 0:  # NaN is not, either
                raise ValueError(f"{type(self).__name__}: {name} must be >= 0, got {settings[name]}.")

    def __repr__(self) -> str:
        lines = []
        for number, group in enumerate(self.param_groups):
            shown = {name: value for name, value in group.items() if name not in ("params", "param_names")}
            settings = ", ".join(f"{name}={value}" for name, value in shown.items())
            lines.append(f"  group {number}: {sum(p.numel() for p in group['params']):,} weights, {settings}")
        return "\n".join([f"{type(self).__name__} (", *lines, ")"])

    # -- training ------------------------------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter.grad = None
                elif parameter.grad is not None:
                    parameter.grad.zero_()

    @checked
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Change every parameter that has a gradient. A `closure` computes the loss (and gradients) first.

        Parameters that want a gradient and have none, while others have theirs, are named in a warning, once.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        changed, without = False, []
        for number, group in enumerate(self.param_groups):
            for index, parameter in enumerate(group["params"]):
                if parameter.grad is not None:
                    memory = self.state.setdefault(parameter, {})
                    self.update(parameter.array, parameter.grad.array, memory, group)
                    parameter.edited()
                    changed = True
                elif parameter.requires_grad:
                    named = group["param_names"][index] if "param_names" in group else f"parameter {index}"
                    without.append(f"{named} of group {number}, shape {parameter.shape}")
        if changed and without and not self._told_of_no_gradient:
            self._told_of_no_gradient = True
            warnings.warn(
                f"{type(self).__name__}.step: no gradient for {'; '.join(without)}. What has none is left as it is. "
                "Was it used to compute the loss? (This is said once.)",
                stacklevel=3,
            )
        return loss

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        """Change `array` in place. `gradient` is not changed; `memory` is this parameter's, and starts empty."""
        raise NotImplementedError(f"{type(self).__name__} needs a method update(array, gradient, memory, settings).")

    # -- saving and loading --------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All settings and memories, in PyTorch's structure. Its Tensors are on the optimiser's own memory.

            {"state": {0: {"momentum_buffer": tensor(...)}, ...},
             "param_groups": [{"lr": 0.1, ..., "params": [0, 1, ...]}, ...]}

        Parameters are known by their number, counted through all groups; those without a memory are not in "state".
        """
        number_of = {parameter: number for number, parameter in enumerate(self._members())}
        state = {
            number_of[parameter]: {
                name: Tensor(value) if _has_shape(value) else value for name, value in memory.items()
            }
            for parameter, memory in self.state.items()
            if memory
        }
        groups = [
            {**copy.deepcopy(_settings(group)), "params": [number_of[parameter] for parameter in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": dict(sorted(state.items())), "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue with the settings and memories of a `state_dict()`, ours or PyTorch's, which is copied.

        The first saved parameter stands for the first one here, and so on. Arrays take the parameters' dtype and
        device. If anything does not fit, a ValueError lists all of it, and nothing is changed.
        """
        wrong = self._misfits(state_dict)
        if wrong:
            lines = "".join(f"\n  - {line}" for line in wrong)
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: nothing was loaded, since this does not fit:{lines}"
            )
        groups = state_dict["param_groups"]
        partners = dict(zip(_saved_members(groups), self._members(), strict=True))
        self.state = {
            partners[key]: {name: _loaded(name, value, partners[key].array) for name, value in memory.items()}
            for key, memory in state_dict["state"].items()
        }
        for group, saved in zip(self.param_groups, groups, strict=True):
            group.update(copy.deepcopy(_settings(saved)))

    def _members(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def _misfits(self, state_dict: Mapping[str, Any]) -> list[str]:
        """What is wrong with a state_dict, one line for each thing."""
        if not (isinstance(state_dict, Mapping) and _is_state(state_dict.get("state"), state_dict.get("param_groups"))):
            return ['expected a dict with "state" and "param_groups", as state_dict() makes it.']
        groups, wrong = state_dict["param_groups"], []
        sizes, saved_sizes = ([len(group["params"]) for group in some] for some in (self.param_groups, groups))
        if sizes != saved_sizes:
            return [f"the groups have {sizes} parameters, the saved ones {saved_sizes}."]
        for number, group in enumerate(groups):
            missing = sorted(set(self.defaults) - set(group))
            if missing:
                wrong.append(f"group {number} lacks {', '.join(missing)}. Was it saved by another kind of optimiser?")
                continue
            try:
                self._refuse(group)
            except (ValueError, TypeError) as error:
                wrong.append(f"group {number}: {error}")
        partners = dict(zip(_saved_members(groups), self._members(), strict=True))
        for key, memory in state_dict["state"].items():
            if key not in partners:
                wrong.append(f"there is a state for a parameter {key}, which is in no group.")
                continue
            shape = partners[key].shape
            for name, value in memory.items():
                if name != "step" and _has_shape(value) and tuple(value.shape) != shape:
                    wrong.append(f"{name} of parameter {key} has shape {tuple(value.shape)}, the parameter {shape}.")
        return wrong


# Or somebody's own, which has what schedules and the Trainer use.
look_at(Optimizer, lambda value: hasattr(value, "param_groups") and hasattr(value, "step"), "an Optimizer")


def _is_state(state: Any, groups: Any) -> bool:
    """Whether these are the two parts of a `state_dict()`."""
    return (
        isinstance(state, Mapping)
        and all(isinstance(memory, Mapping) for memory in state.values())
        and isinstance(groups, (list, tuple))
        and all(isinstance(group, Mapping) and "params" in group for group in groups)
    )


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}


def _saved_members(groups: Iterable[Mapping[str, Any]]) -> list[Any]:
    return list(chain.from_iterable(group["params"] for group in groups))


def _has_shape(value: Any) -> bool:
    """Whether it is an array or Tensor, ours or another library's, rather than a plain number."""
    return hasattr(value, "shape")


def _loaded(name: str, value: Any, array: Array) -> Any:
    """A copy of something remembered, for the parameter `array`."""
    if name == "step":  # PyTorch's is a tensor
        return int(value)
    if not _has_shape(value):
        return copy.deepcopy(value)
    return to_device(as_array(value), device_of(array)).astype(array.dtype, copy=True)


# -- what the rules share ----------------------------------------------------------------------------------------------


def numbers(settings: Mapping[str, Any], *names: str) -> list[float]:
    """Some settings as Python numbers: NumPy's would turn float32 arrays into float64."""
    return [float(settings[name]) for name in names]


def downhill(gradient: Array, array: Array, settings: Mapping[str, Any]) -> Array:
    """The gradient that a rule descends: its sign turned for `maximize`, then `weight_decay * array` added.

    That term is the gradient of the penalty weight_decay / 2 * ‖array‖², which keeps weights small.
    """
    (decay,) = numbers(settings, "weight_decay")
    if settings["maximize"]:
        gradient = -gradient
    return gradient + decay * array if decay else gradient


def remembered(memory: dict[str, Any], name: str, array: Array, start: float = 0.0) -> Array:
    """`memory[name]`, to be changed in place, in the shape and dtype of `array`. At first it is full of `start`."""
    if name not in memory:
        memory[name] = array_module(array).full_like(array, start)
    elif memory[name].dtype != array.dtype or is_on_host(memory[name]) != is_on_host(array):  # the net was moved
        memory[name] = to_device(memory[name], device_of(array)).astype(array.dtype)
    return memory[name]


def count_step(memory: dict[str, Any]) -> int:
    """The number of this step, from 1, which is remembered."""
    memory["step"] = memory.get("step", 0) + 1
    return memory["step"]
