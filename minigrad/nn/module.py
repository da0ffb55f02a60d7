"""`Module`, the base of every layer and network, and `Parameter`, a tensor that is to be learned.

A module knows the parameters, buffers and modules that were assigned to its attributes, in the order of assignment.
While a module runs, the tape writes its path (`net.fc1`) into every record, so a picture, a table or an error can say
where in the network an op belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from minigrad.backend import ShapeError, to_device
from minigrad.tape import state, users_frame
from minigrad.tensor import Tensor, as_array


class Parameter(Tensor):
    """A leaf that requires grad and that a Module lists among its parameters. Shares `data`'s memory."""

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        super().__init__(as_array(data), requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Module:
    """Subclass it, make layers in `__init__` (after `super().__init__()`), and compute in `forward`.

    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc1 = nn.Linear(4320, 128)
    ...         self.fc2 = nn.Linear(128, 4)
    ...
    ...     def forward(self, x):
    ...         return self.fc2(F.relu(self.fc1(x)))
    """

    training: bool

    def __init__(self) -> None:
        # Written past __setattr__, which looks things up in these.
        self.__dict__.update(_parameters={}, _buffers={}, _modules={}, _name=None, training=True)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x).")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        caller = state.module, state.running
        state.module, state.running = _path_of(self), self
        try:
            return self.forward(*args, **kwargs)
        finally:
            state.module, state.running = caller

    # -- attributes ----------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning self.{name}.")
        owner = self._owner_of(name, value)
        for members in (self._parameters, self._buffers, self._modules):
            if members is not owner:
                members.pop(name, None)
        if owner is None:
            object.__setattr__(self, name, value)
        else:
            self.__dict__.pop(name, None)
            owner[name] = value

    def _owner_of(self, name: str, value: Any) -> dict[str, Any] | None:
        """The dict that a value assigned to `name` belongs in; None for an ordinary attribute."""
        if isinstance(value, Parameter):
            return self._parameters
        if isinstance(value, Module):
            return self._modules
        if name in self._parameters and value is not None:
            raise TypeError(f"{type(self).__name__}.{name} is a parameter: assign a Parameter or None, or its .data.")
        for members in (self._parameters, self._buffers, self._modules):
            if name in members and (value is None or isinstance(value, Tensor)):
                return members
        return None

    def __getattr__(self, name: str) -> Any:
        for members in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(members, ()):
                return self.__dict__[members][name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")

    def __delattr__(self, name: str) -> None:
        for members in (self._parameters, self._buffers, self._modules):
            if name in members:
                del members[name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Add a parameter by name; None keeps the name for a parameter that this layer does without."""
        self._parameters[name] = parameter

    def register_buffer(self, name: str, tensor: Tensor | None) -> None:
        """Add a tensor that is saved and moved with the module but not learned."""
        self._buffers[name] = tensor

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a module by name."""
        self._modules[name] = module

    add_module = register_module

    # -- walking -------------------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module ("") and all inside it, each once, with dotted names."""
        seen: set[int] = set()
        waiting: list[tuple[str, Module]] = [(prefix, self)]
        while waiting:
            name, module = waiting.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inner = [(_join(name, child), m) for child, m in module._modules.items() if m is not None]
            waiting += reversed(inner)

    def modules(self) -> Iterator[Module]:
        """This module and all inside it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, with their names."""
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one."""
        return (module for _, module in self.named_children())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters, each once, in the order of assignment, with dotted names."""
        yield from self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once, in the order of assignment."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers, each once, with dotted names."""
        yield from self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named(self, members: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, tensor in getattr(module, members).items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    yield _join(path, name), tensor

    # -- changing all of it --------------------------------------------------------------------------------------------

    def apply(self, function: Callable[[Module], None]) -> Module:
        """Call `function` on every module inside, and on this one last. Returns itself."""
        for module in self.children():
            module.apply(function)
        function(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Training mode (or not) for this module and all inside it. Returns itself."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Evaluation mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Whether all parameters are to be learned. Returns itself."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()

    def to(self, *wanted: Any, dtype: Any = None, device: Any = None) -> Module:
        """Move every parameter and buffer to a device, and the floating-point ones to a dtype. Returns itself."""
        for tensor in [*self.parameters(), *self.buffers()]:
            goal = tensor.detach().to(*wanted, dtype=dtype, device=device)
            array = goal.array if tensor.dtype.kind == "f" else to_device(tensor.array, goal.device)
            tensor.array = array
            tensor.edited()
            tensor.grad = None if tensor.grad is None else tensor.grad.to(goal)
        return self

    def float(self) -> Module:
        """All floating-point parameters and buffers as float32."""
        return self.to(dtype=np.float32)

    def double(self) -> Module:
        """All floating-point parameters and buffers as float64."""
        return self.to(dtype=np.float64)

    def cpu(self) -> Module:
        """All parameters and buffers to ordinary memory."""
        return self.to("cpu")

    def cuda(self) -> Module:
        """All parameters and buffers to the GPU."""
        return self.to("cuda")

    # -- saving --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and buffers by name, detached, on the module's own memory."""
        own = {**self._parameters, **self._buffers}
        values = {name: tensor.detach() for name, tensor in own.items() if tensor is not None}
        for path, child in self.named_children():
            values.update({_join(path, name): tensor for name, tensor in child.state_dict().items()})
        return values

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> None:
        """Copy values (Tensors or arrays) into the parameters and buffers of the same names.

        Nothing is changed unless all fits: missing, unexpected and mis-shaped names are listed together.
        `strict=False` ignores missing and unexpected ones.
        """
        own = self.state_dict()
        given = {name: as_array(value) for name, value in state_dict.items()}
        problems = [
            f"{name}: expected shape {own[name].shape}, got {given[name].shape}"
            for name in own
            if name in given and own[name].shape != given[name].shape
        ]
        if strict:
            problems += [f"{name}: missing" for name in own if name not in given]
            problems += [f"{name}: unexpected" for name in given if name not in own]
        if problems:
            raise ShapeError(f"load_state_dict: this does not fit {type(self).__name__}.\n  " + "\n  ".join(problems))
        for name in own.keys() & given.keys():
            own[name].copy_(given[name])

    # -- looking at it -------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What a layer says of itself between its parentheses."""
        return ""

    def __repr__(self) -> str:
        inner = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self.named_children()]
        own = self.extra_repr()
        if not inner:
            return f"{type(self).__name__}({own})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(([own] if own else []) + inner) + "\n)"


def _path_of(module: Module) -> str:
    """The path under which `module` is about to run: that of the running module it lies in, and its name there."""
    caller = state.running
    if caller is not None:
        for name, inner in [*caller.named_children(), *caller.named_modules()]:
            if inner is module:
                return _join(state.module, name)
    if module._name is None:
        module.__dict__["_name"] = _variable_name(module) or type(module).__name__
    return module._name


def _variable_name(module: Module) -> str | None:
    """What the user's code calls a module (`net`), if it has a variable for it."""
    frame = users_frame()
    for scope in (frame.f_locals, frame.f_globals) if frame else ():
        for name, value in scope.items():
            if value is module and name != "self":
                return name
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
