"""The code of a pair, as it runs: its functions, and for a row of a table the row and what makes a pair of it."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType

from minigrad.teach.explain.explanation import Explanation


def source_of(explanation: Explanation) -> dict[str, str]:
    """The pieces of an op's code, by what they are."""
    forward, backward = explanation.forward, explanation.backward
    module = sys.modules[forward.__module__]
    name = explanation.pair.split(".")[1]
    row = _row(module, name) if forward.__code__.co_name != forward.__name__ else None
    if row is not None:
        pieces = {"its row of the table": row}
        pieces |= {f"{part}": code_of(getattr(module, part)) for part in _named_in(row, module)}
        return pieces | {"how a row becomes a pair": code_of(module.pair)}
    pieces = {"forward": code_of(forward), "backward": code_of(backward)}
    pieces |= {part: code_of(getattr(module, part)) for part in explanation.parts}
    for way in ("forward", "backward"):
        naive = getattr(module, f"{name}_{way}_naive", None)
        if naive is not None:
            pieces[f"{way}, as on the blackboard"] = code_of(naive)
    return pieces


def code_of(function: Callable) -> str:
    """The code of a function; a note where there is none, as for one that was typed into a prompt."""
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        return f"# The code of {getattr(function, '__name__', function)} is not in a file."


def _row(module: ModuleType, name: str) -> str | None:
    """`"exp": Elementwise(...)` of the module's TABLE."""
    text = inspect.getsource(module)
    for node in ast.parse(text).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict) and ast.unparse(node.target) == "TABLE":
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    first = " " * value.col_offset + (ast.get_source_segment(text, value) or "")
                    return f'"{name}": {textwrap.dedent(first)}'
    return None


def _named_in(row: str, module: ModuleType) -> Iterator[str]:
    """The module's own functions that a row names."""
    for node in ast.walk(ast.parse(f"{{{row}}}")):
        function = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            yield function.__name__
