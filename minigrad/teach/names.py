"""What the user's own code calls a tensor: `x`, `net.fc1.weight`, `params['W1']`, `b * a`.

A name that was set (`tensor.name = "x"`) comes first. Else the variables are asked which the user's code has at this
moment, from the innermost frame on outwards, and what lies in them: modules, lists, dicts, objects. A result that no
variable holds any more is found in the source: the target of the assignment whose value it was, or the expression.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import linecache
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np

from minigrad.nn.module import Module
from minigrad.tape import Record
from minigrad.tensor import Tensor

DEPTH = 3  # how deep tensors are searched for
MEMBERS, EACH = 20_000, 2000  # how many members of lists, dicts and objects are looked at, altogether and of each
LONGEST = 32  # letters of an expression that may stand for its result


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


def names_in_source(records: Sequence[Record]) -> dict[Record, str]:
    """For the records, in the order in which they were made, names that the source gives to their results.

    Where one expression ran several ops, as `net(x)` does, it is the name of the last one's result. What has no name
    is called after its module, or after its op.
    """
    names: dict[Record, str] = {}
    last_of_module = {record.module: record for record in records}
    for record, is_last in zip(records, _are_last(records), strict=True):
        name = _name_in_source(record) if is_last else ""
        if not name and last_of_module[record.module] is record:
            name = record.module
        names[record] = name or record.op.name
    return names


def _are_last(records: Sequence[Record]) -> list[bool]:
    """For each record, whether it made what its expression gave. Several that are alike, up to the end, are a loop."""
    last: list[bool] = []
    later: Record | None = None
    for record in reversed(records):
        if later is None or later.place != record.place:
            last.append(True)
        else:
            last.append(last[-1] and _kind(later) == _kind(record))
        later = record
    return last[::-1]


def operand_in_source(record: Record, i: int) -> str:
    """What the source calls argument i of an operator, such as the `w` of `3 * w`; "" for what is no operator."""
    operands = _look_up(record)[2]
    return operands[i] if i < len(operands) == len(record.sources) else ""


def _kind(record: Record) -> tuple[str, str]:
    return record.op.name, record.module


def _name_in_source(record: Record) -> str:
    """The variable that the record's result was assigned to, or the expression if it is short; "" if unknown."""
    expression, target, _ = _look_up(record)
    return target or (expression if len(expression) <= LONGEST else "")


Found = tuple[str, str, tuple[str, ...]]  # an expression, the variable that it is assigned to, and its operands


def _look_up(record: Record) -> Found:
    file = record.place[0].co_filename
    return _expressions(file, "".join(linecache.getlines(file))).get(record.span, ("", "", ()))


@functools.lru_cache(maxsize=64)
def _expressions(file: str, source: str) -> dict[tuple, Found]:
    """All expressions of a file, by their span."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    found: dict[tuple, Found] = {}
    for node in ast.walk(tree):  # outer nodes come before inner ones
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, (ast.Name, ast.Attribute)):
                # `y += 1` is an operation of the whole statement, `y = y + 1` of its value.
                of = node if isinstance(node, ast.AugAssign) else node.value
                found[_span(of)] = ast.unparse(of), ast.unparse(target), _operands(of)
        elif isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript, ast.Attribute)):
            found.setdefault(_span(node), (ast.unparse(node), "", _operands(node)))
    return found


def _operands(node: ast.AST) -> tuple[str, ...]:
    """Those of `x + y`, `-x` and `x.method()`, as far as they are short."""
    operands: list[ast.AST] = []
    if isinstance(node, ast.BinOp):
        operands = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        operands = [node.operand]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args + node.keywords:
        operands = [node.func.value]
    texts = map(ast.unparse, operands)
    return tuple(text if len(text) <= LONGEST else "" for text in texts)


def _span(node: Any) -> tuple:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
