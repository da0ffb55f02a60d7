"""What the user's variables call a tensor: `x`, `net.fc1.weight`, `params['W1']`.

A name that was set (`tensor.name = "x"`) comes first. Else the variables are asked which the user's code has at this
moment, from the innermost frame on outwards, and what lies in them: modules, lists, dicts, objects.
"""

from __future__ import annotations

import inspect
import itertools
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

import numpy as np

from minigrad.nn.module import Module
from minigrad.tensor import Tensor

DEPTH = 3  # how deep tensors are searched for
MEMBERS, EACH = 20_000, 2000  # how many members of lists, dicts and objects are looked at, altogether and of each

Scope = Mapping[str, Any]


def scopes_at(frame: FrameType | None) -> Iterator[Scope]:
    """The variables that code running in a frame can see, and those of its callers: the innermost first."""
    seen: list[Scope] = []
    while frame is not None:
        for scope in (_locals(frame), frame.f_globals):
            if not any(scope is one for one in seen):
                seen.append(scope)
                yield scope
        frame = frame.f_back


def _locals(frame: FrameType) -> Scope:
    """The local variables of a frame.

    Before Python 3.13 a function's frame keeps the dict that it was asked for, and with it the variables, until the
    function is done. So that dict is emptied, unless somebody else holds it or has put something in.
    """
    scope, code = frame.f_locals, frame.f_code
    own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    if code.co_flags & inspect.CO_OPTIMIZED and type(scope) is dict and sys.getrefcount(scope) <= 3 and own >= {*scope}:
        scope = {**scope}
        frame.f_locals.clear()
    return scope


class Named:
    """The tensors that variables lead to, by the node that their gradients go to.

    `tensors[node]` is (name, tensor); the tensor tells the value, which no node knows. What lies in the variables is
    looked at without running any code of theirs: no property, no `__getattr__`, no `__len__`.
    """

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self.tensors: dict[Any, tuple[str, Tensor]] = {}
        self._seen: set[int] = set()
        self._left = MEMBERS
        for scope in scopes:
            items = list(scope.items())  # other threads may be adding to it
            variables = [(name, one) for name, one in items if _is_name(name)]
            for name, value in variables:  # the shortest names first
                if issubclass(type(value), (Tensor, Module)):
                    self._enter(name, value, DEPTH)
            for name, value in variables:
                self._enter(name, value, DEPTH)

    def _enter(self, name: str, value: Any, depth: int) -> None:
        """Note `value` under `name`, and what is in it."""
        kind = type(value)
        if issubclass(kind, Tensor):
            if value._node is not None and name != "self":
                self.tensors.setdefault(value._node, (value.name or name, value))
            return
        if kind in ATOMS or issubclass(kind, (type, types.ModuleType)) or depth == 0 or id(value) in self._seen:
            return
        self._seen.add(id(value))
        if issubclass(kind, Module):
            for inner, tensor in _of_module(name, value):
                self._enter(inner, tensor, depth)
            return
        for inner, member in itertools.islice(_members(name, value), EACH):
            if self._left <= 0:
                return
            self._left -= 1
            self._enter(inner, member, depth - 1)


def _is_name(name: Any) -> bool:
    """Whether it is one that a person gave. (Test runners and notebooks have `@py_assert1` and `_12`.)"""
    return type(name) is str and name.isidentifier() and not name.startswith("_")


ATOMS = {int, float, complex, bool, str, bytes, np.ndarray, type(None)}
KEYS = {int, float, bool, str}  # whose repr is Python's own


def _of_module(name: str, module: Module) -> list[tuple[str, Any]]:
    """Its parameters and buffers, by the path that its records have; none of a module that cannot tell them."""
    try:
        tensors = [*Module.named_parameters(module), *Module.named_buffers(module)]
        return [(f"{module._name or name}.{inner}", tensor) for inner, tensor in tensors]
    except Exception:  # such as one whose __init__ has not called super().__init__() yet
        return []


def _members(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What is in a list, a tuple, a dict or an object, each with the expression that gets it."""
    kind = type(value)
    if issubclass(kind, dict):
        for key, member in list(itertools.islice(dict.items(value), EACH)):
            if type(key) in KEYS:
                yield f"{name}[{key!r}]", member
    elif issubclass(kind, (list, tuple)):
        each = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
        yield from ((f"{name}[{i}]", member) for i, member in enumerate(each))
    elif not callable(value):
        attributes = next((vars(one)["__dict__"] for one in kind.__mro__ if "__dict__" in vars(one)), None)
        if type(attributes) is types.GetSetDescriptorType:  # Python's own, and no property of the class
            yield from ((f"{name}.{key}", member) for key, member in list(attributes.__get__(value).items()))
