"""Modules made of modules, and of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from minigrad.kinds import checked
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class _Numbered(Module):
    """Modules in a row, named "0", "1", ...: what Sequential and ModuleList share."""

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    def __contains__(self, module: object) -> bool:
        return any(module is own for own in self)

    def __getitem__(self, index: int | slice) -> Any:
        items = list(self._modules.items())[index]
        return self._like(dict(items)) if isinstance(index, slice) else items[1]

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(list(self._modules)[index], module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [names[index]]:
            del self._modules[name]
        if all(name.isdigit() for name in names):
            self._renumber(list(self))

    def __add__(self, other: Iterable[Module]) -> Any:
        return self._like({}).extend([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Any:
        return self.extend(other)

    def append(self, module: Module) -> Any:
        """Add a module at the end. Returns itself."""
        self.register_module(str(len(self)), module)
        return self

    @checked
    def extend(self, modules: Iterable[Any]) -> Any:
        """Add modules at the end. Returns itself."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module in front of the one at `index`. Returns itself."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take out the module at `index`, and return it."""
        module = self[index]
        del self[index]
        return module

    def _renumber(self, modules: list[Module]) -> None:
        for module in modules:
            if not isinstance(module, Module):
                raise TypeError(f"{type(self).__name__}: expected a Module, got {type(module).__name__}.")
        self._modules.clear()
        self._modules.update({str(i): module for i, module in enumerate(modules)})

    def _like(self, modules: dict[str, Module]) -> Any:
        raise NotImplementedError


class Sequential(_Numbered):
    """Modules run one after another, each on what the one before gave: `Sequential(a, b)`, `Sequential({"fc": a})`."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.register_module(name, module)
        else:
            for module in modules:
                self.append(module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    def _like(self, modules: dict[str, Module]) -> Sequential:
        return Sequential(modules)


class ModuleList(_Numbered):
    """A list of modules that a Module knows of; run them yourself. `ModuleList([a, b])`."""

    def __init__(self, modules: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(() if modules is None else modules)

    def _like(self, modules: dict[str, Module]) -> ModuleList:
        return ModuleList(modules.values())

    def _members_in_words(self) -> list[tuple[str, str]]:
        """Those that look alike, one after another, are told once: `(0-5): 6 x Linear(...)`."""
        told = []
        for text, run in groupby(super()._members_in_words(), itemgetter(1)):
            names = [name for name, _ in run]
            told.append((names[0], text) if len(names) == 1 else (f"{names[0]}-{names[-1]}", f"{len(names)} x {text}"))
        return told


class _Named(Module):
    """Members by name: what ModuleDict and ParameterDict share."""

    def __init__(self, members: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self.update({} if members is None else members)

    def __getitem__(self, name: str) -> Any:
        return self._own()[name]

    def __setitem__(self, name: str, member: Any) -> None:
        raise NotImplementedError

    def __delitem__(self, name: str) -> None:
        del self._own()[name]

    def __len__(self) -> int:
        return len(self._own())

    def __iter__(self) -> Iterator[str]:
        return iter(self._own())

    def __contains__(self, name: object) -> bool:
        return name in self._own()

    def keys(self) -> Iterable[str]:
        return self._own().keys()

    def values(self) -> Iterable[Any]:
        return self._own().values()

    def items(self) -> Iterable[tuple[str, Any]]:
        return self._own().items()

    def update(self, members: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add members, or put them in the place of those of the same names."""
        try:
            pairs = dict(members.items() if isinstance(members, _Named) else members)
        except (TypeError, ValueError):
            kind = type(members).__name__
            raise TypeError(f"{type(self).__name__}: expected a dict, or pairs (name, member), got {kind}.") from None
        for name, member in pairs.items():
            self[name] = member

    def pop(self, name: str) -> Any:
        """Take out the member `name`, and return it."""
        return self._own().pop(name)

    def clear(self) -> None:
        self._own().clear()

    def _own(self) -> dict[str, Any]:
        raise NotImplementedError


class ModuleDict(_Named):
    """Modules by name that a Module knows of; run them yourself. `ModuleDict({"a": a, "b": b})`."""

    def __setitem__(self, name: str, module: Module) -> None:
        self.register_module(name, module)

    def _own(self) -> dict[str, Any]:
        return self._modules


class ParameterDict(_Named):
    """Parameters by name that a Module knows of: `ParameterDict({"w": mg.ones(2)})`. A tensor becomes a Parameter."""

    def __setitem__(self, name: str, parameter: Tensor) -> None:
        self.register_parameter(name, _parameter(self, parameter))

    def get(self, name: str, default: Any = None) -> Any:
        """The parameter `name`, or `default` if there is none."""
        return self._parameters.get(name, default)

    def extra_repr(self) -> str:
        return _listed(self._parameters)

    def _own(self) -> dict[str, Any]:
        return self._parameters


class ParameterList(Module):
    """A list of parameters that a Module knows of: `ParameterList([mg.ones(2)])`. A tensor becomes a Parameter."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(() if values is None else values)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def __getitem__(self, index: int | slice) -> Any:
        found = list(self)[index]
        return ParameterList(found) if isinstance(found, list) else found

    def __setitem__(self, index: int, parameter: Tensor) -> None:
        self._parameters[list(self._parameters)[index]] = _parameter(self, parameter)

    def __iadd__(self, parameters: Iterable[Tensor]) -> ParameterList:
        return self.extend(parameters)

    def append(self, value: Tensor) -> ParameterList:
        """Add a parameter at the end. Returns itself."""
        self.register_parameter(str(len(self)), _parameter(self, value))
        return self

    @checked
    def extend(self, values: Iterable[Tensor]) -> ParameterList:
        """Add parameters at the end. Returns itself."""
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return _listed(self._parameters)


def _parameter(owner: Module, value: Any) -> Parameter:
    if not isinstance(value, Tensor):
        raise TypeError(f"{type(owner).__name__}: expected a Parameter or a Tensor, got {type(value).__name__}.")
    return value if isinstance(value, Parameter) else Parameter(value)


def _listed(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {parameter.dtype} {parameter.shape}" for name, parameter in parameters.items())


class Identity(Module):
    """Gives back its input; whatever arguments it was made with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input
