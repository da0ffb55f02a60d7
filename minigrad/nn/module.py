"""`Module`, the base of every layer and network, and `Parameter`, a tensor that is to be learned.

A module knows the parameters, buffers and modules that were assigned to its attributes, in the order of assignment.
While a module runs, the tape writes its path (`net.fc1`) into every record, so a picture, a table or an error can say
where in the network an op belongs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from minigrad.backend import DtypeError, ShapeError, float16, float32, float64, is_float, to_device
from minigrad.kinds import Checked, checked, look_at
from minigrad.tape import state, users_frame
from minigrad.tensor import Handle, Tensor, as_array


class Parameter(Tensor):
    """A leaf that requires grad and that a Module lists among its parameters. Shares `data`'s memory."""

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        super().__init__(as_array(data), requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Unmatched(NamedTuple):
    """What `load_state_dict` found no partner for: names that the module has, and names that it was given."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if self == ([], []):
            return "<all keys matched>"
        return f"Unmatched(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module(Checked):
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
        self.__dict__.update(
            _parameters={}, _buffers={}, _unsaved=set(), _modules={}, _name=None, _hooks=None, training=True
        )

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x).")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        caller = state.here.module, state.here.running
        state.here.module, state.here.running = _path_of(self), self
        try:
            if self._hooks is not None:
                return self._forward_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        finally:
            state.here.module, state.here.running = caller

    # -- hooks ---------------------------------------------------------------------------------------------------------

    @checked
    def register_forward_pre_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
        """Call `hook(module, args)` before each forward; what it returns, if not None, takes the place of args.

        with_kwargs: it is called as `hook(module, args, kwargs)`, and returns (args, kwargs) or None.
        """
        return self._add_hook(0, hook, prepend, with_kwargs)

    @checked
    def register_forward_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
        """Call `hook(module, args, output)` after each forward; what it returns, if not None, takes output's place.

        with_kwargs: it is called as `hook(module, args, kwargs, output)`. Returns a handle with `remove()`.
        """
        return self._add_hook(1, hook, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> Handle:
        """Not supported: a tensor's own `register_hook`, on a module's output, tells its gradient."""
        raise NotImplementedError(
            "register_full_backward_hook: not supported. Call register_hook on the module's output, in a forward hook."
        )

    def _add_hook(self, kind: int, hook: Callable, prepend: bool, with_kwargs: bool) -> Handle:
        if self._hooks is None:
            self.__dict__["_hooks"] = ([], [])
        hooks = self._hooks[kind]
        entry: Any = (hook, with_kwargs)
        handle = Handle(hooks, entry)
        if prepend:
            hooks.insert(0, hooks.pop())
        return handle

    def _forward_with_hooks(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        before, after = self._hooks
        for hook, with_kwargs in list(before):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is not None and with_kwargs:
                args, kwargs = changed
            elif changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        output = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(after):
            changed = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
            output = output if changed is None else changed
        return output

    # -- attributes ----------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__ and isinstance(value, (Parameter, Module)):
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning self.{name}.")
        owner = self._owner_of(name, value)
        for members in self._members():
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
        if isinstance(value, Module) and name not in self._parameters:
            return self._modules
        for members, kind in zip(self._members(), (Parameter, Tensor, Module), strict=False):
            if name in members:
                _check_kind(f"{type(self).__name__}.{name}", value, kind)
                return members
        return None

    def _members(self) -> list[dict[str, Any]]:
        """The parameters, buffers and modules, in this order; nothing before `__init__` has run."""
        return [self.__dict__[kind] for kind in ("_parameters", "_buffers", "_modules") if kind in self.__dict__]

    def __getattr__(self, name: str) -> Any:
        for members in self._members():
            if name in members:
                return members[name]
        advice = "" if "_parameters" in self.__dict__ else " Call super().__init__() first, in its __init__."
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.{advice}", name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        for members in self._members():
            if name in members:
                del members[name]
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *itertools.chain.from_iterable(self._members())})

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Add a parameter by name; None keeps the name for a parameter that this layer does without."""
        self._register(self._parameters, name, parameter, Parameter)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is moved with the module but not learned; it is saved too if `persistent`."""
        self._register(self._buffers, name, tensor, Tensor)
        (self._unsaved.discard if persistent else self._unsaved.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a module by name."""
        self._register(self._modules, name, module, Module)

    add_module = register_module

    def _register(self, members: dict[str, Any], name: str, value: Any, kind: type) -> None:
        _check_kind(f"{type(self).__name__}.{name}", value, kind)
        if not isinstance(name, str):
            raise TypeError(f"{type(self).__name__}: a name must be a str, got {name!r}.")
        if not name or "." in name:
            raise KeyError(f"{type(self).__name__}: a name must not be empty or have a dot, got {name!r}.")
        if name not in members and hasattr(self, name):
            raise KeyError(f"{type(self).__name__}: there is an attribute {name!r} already.")
        members[name] = value

    # -- walking -------------------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module ("") and all inside it, each once (or under all its names), with dotted names."""
        seen: set[int] = set()
        waiting: list[tuple[str, Module]] = [(prefix, self)]
        while waiting:
            name, module = waiting.pop()
            if remove_duplicate and id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inner = [(_join(name, child), m) for child, m in module._modules.items() if m is not None]
            waiting += reversed(inner)

    def modules(self) -> Iterator[Module]:
        """This module and all inside it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, each once, with their (first) names."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one, each once."""
        return (module for _, module in self.named_children())

    @checked
    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name, which may be its second; this one for ""."""
        found = self
        for name in target.split(".") if target else ():
            inner = found._modules.get(name)
            if inner is None:
                raise AttributeError(f"{type(self).__name__} has no module {target!r}.")
            found = inner
        return found

    @checked
    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name."""
        return self._get("_parameters", "parameter", target)

    @checked
    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name."""
        return self._get("_buffers", "buffer", target)

    def _get(self, members: str, kind: str, target: str) -> Any:
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), members).get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no {kind} {target!r}.")
        return found

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters, each once (or under all its names), in the order of assignment, with dotted names."""
        yield from self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once, in the order of assignment."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers, each once (or under all its names), with dotted names."""
        yield from self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named(self, members: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix, remove_duplicate) if recurse else [(prefix, self)]:
            for name, tensor in getattr(module, members).items():
                if tensor is not None and not (remove_duplicate and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield _join(path, name), tensor

    # -- changing all of it --------------------------------------------------------------------------------------------

    @checked
    def apply(self, function: Callable[[Module], None]) -> Module:
        """Call `function` on every module inside, and on this one last. Returns itself."""
        for module in self.children():
            module.apply(function)
        function(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Training mode (or not) for this module and all inside it. Returns itself."""
        if not isinstance(mode, bool):
            raise TypeError(f"train: mode is True or False, got {type(mode).__name__}. (The loop is a Trainer's fit.)")
        self.training = mode
        for module in self.children():
            module.train(mode)
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

    def to(self, *wanted: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False) -> Module:
        """Move every parameter and buffer to a device, and the floating-point ones to a dtype. Returns itself.

        They stay the same objects, so an optimiser that holds them goes on with them. non_blocking is PyTorch's and
        makes no difference here.
        """
        for tensor in [*self.parameters(), *self.buffers()]:
            goal = tensor.detach().to(*wanted, dtype=dtype, device=device)
            if is_float(tensor.dtype) and not is_float(goal.dtype):
                raise DtypeError(f"to: the numbers of a {type(self).__name__} are floating point, got {goal.dtype}.")
            array = goal.array if is_float(tensor.dtype) else to_device(tensor.array, goal.device)
            if array is not tensor.array:
                gradient, tensor.grad = tensor.grad, None
                tensor.array = array
                tensor.grad = None if gradient is None else gradient.to(goal)
        return self

    def float(self) -> Module:
        """All floating-point parameters and buffers as float32."""
        return self.to(dtype=float32)

    def double(self) -> Module:
        """All floating-point parameters and buffers as float64."""
        return self.to(dtype=float64)

    def half(self) -> Module:
        """All floating-point parameters and buffers as float16."""
        return self.to(dtype=float16)

    def cpu(self) -> Module:
        """All parameters and buffers to ordinary memory."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Module:
        """All parameters and buffers to a GPU, the current one if it is not said which."""
        return self.to("cuda" if device is None else device)

    # -- saving --------------------------------------------------------------------------------------------------------

    def state_dict(self, *, prefix: str = "") -> dict[str, Tensor]:
        """Parameters and persistent buffers by name, behind a prefix, detached, on the module's own memory."""
        own = {**self._parameters, **self._buffers}
        values = {name: t.detach() for name, t in own.items() if t is not None and name not in self._unsaved}
        for path, child in self._modules.items():  # under all its names, as PyTorch saves a module that is shared
            if child is not None:
                values.update({_join(path, name): tensor for name, tensor in child.state_dict().items()})
        return {prefix + name: tensor for name, tensor in values.items()} if prefix else values

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Unmatched:
        """Copy values (Tensors or arrays) into the parameters and buffers of the same names.

        Nothing is changed unless all fits: missing, unexpected and mis-shaped names are listed together.
        `strict=False` ignores missing and unexpected ones, and returns their names. `assign=True`, which would put
        other tensors in the place of the parameters, is not supported.
        """
        if assign:
            raise NotImplementedError(
                "load_state_dict: assign=True is not supported; values are copied, and take the module's dtype and "
                "device. Call to() before it to have others."
            )
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: expected a dict of named Tensors, got {type(state_dict).__name__}.")
        own = self.state_dict()
        given = {name: as_array(value) for name, value in state_dict.items()}
        missing = [name for name in own if name not in given]
        unexpected = [name for name in given if name not in own]
        shared = [name for name in own if name in given]
        problems = [
            f"{name}: expected shape {own[name].shape}, got {given[name].shape}"
            for name in shared
            if own[name].shape != given[name].shape
        ]
        if strict:
            problems += [f"{name}: missing" for name in missing] + [f"{name}: unexpected" for name in unexpected]
        if problems:
            raise ShapeError(f"load_state_dict: this does not fit {type(self).__name__}.\n  " + "\n  ".join(problems))
        for name in shared:
            own[name].copy_(given[name])
        return Unmatched(missing, unexpected)

    # -- looking at it -------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What a layer says of itself between its parentheses."""
        return ""

    def __repr__(self) -> str:
        inner = [f"({name}): {text}".replace("\n", "\n  ") for name, text in self._members_in_words()]
        own = self.extra_repr()
        if not inner:
            return f"{type(self).__name__}({own})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(([own] if own else []) + inner) + "\n)"

    def _members_in_words(self) -> list[tuple[str, str]]:
        """The names and the texts of the modules in it."""
        return [(name, repr(module)) for name, module in self._modules.items()]


look_at(Module, lambda value: isinstance(value, Module), "a Module")


def _check_kind(what: str, value: Any, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        advice = ""
        if isinstance(value, type) and issubclass(value, kind):
            advice = f" That is a class; make one of it: {value.__name__}(...)."
        elif kind is Module and isinstance(value, (list, tuple)):
            advice = " Give the modules one by one: Sequential(*modules)."
        elif kind is Module and callable(value):
            advice = " A function is called in forward; many have modules, too, as F.relu has nn.ReLU()."
        raise TypeError(f"{what}: expected a {kind.__name__} or None, got {type(value).__name__}.{advice}")


def _path_of(module: Module) -> str:
    """The path under which `module` is about to run: that of the running module it lies in, and its name there.

    Outside any module, and in one that it does not lie in, its name is what the user's code calls it.
    """
    caller = state.here.running
    if caller is not None:
        for name, inner in itertools.chain(caller._modules.items(), caller.named_modules()):
            if inner is module:
                return _join(state.here.module, name)
    if module._name is None:
        module.__dict__["_name"] = _variable_name(module) or type(module).__name__
    return _join(state.here.module, module._name)


def _variable_name(module: Module) -> str | None:
    """What the user's code calls a module (`net`), if it has a variable for it."""
    frame = users_frame()
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in list(scope.items()):  # other threads may be adding to it
            if value is module and name != "self" and not name.startswith("_"):  # IPython's _ and _12 are no names
                return name
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
