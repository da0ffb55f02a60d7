"""What is written into a picture: names, shapes, numbers, operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from minigrad.backend import Array, to_host
from minigrad.tape import Record
from minigrad.teach.rows import Row

SYMBOLS = {"add": "+", "mul": "*", "neg": "-"}
ORDERED = {"sub": "-", "div": "/", "matmul": "@", "pow": "**"}  # it matters which argument is which


def symbol(row: Row) -> str:
    """An operator as it is written in Python, any other op by its name."""
    if needs_order(row):
        return f"{row.arguments[0].name} {ORDERED[row.op]} {row.arguments[1].name}"
    return SYMBOLS.get(row.op, row.op)


def needs_order(row: Row) -> bool:
    """Whether arrows into an op must say which argument they bring."""
    return row.op in ORDERED and len(row.arguments) == 2


def is_variable(name: str, row: Row) -> bool:
    """Whether a result's name is that of a variable, and not an expression, or the op's or the module's."""
    return name not in (row.op, row.module) and re.fullmatch(r"[^\W\d][\w.]*(\[[^\[\]]*\])*", name) is not None


def inside(name: str, path: str) -> str:
    """What something is called inside a module: `net.fc1.weight` is `weight` in `net.fc1`."""
    return name.removeprefix(f"{path}.") if path else name


def span(names: Sequence[str]) -> str:
    """`0`, or `0 … 11`."""
    return names[0] if names[0] == names[-1] else f"{names[0]} … {names[-1]}"


def line(row: Row) -> str:
    """The user's line that ran an op."""
    return row.node.line if isinstance(row.node, Record) else ""


def shape(lengths: tuple[int, ...]) -> str:
    """A shape as Python writes it; nothing for a number."""
    return str(lengths) if lengths else ""


def numbers(array: Array) -> str:
    """A number, or a few in one line."""
    nested = to_host(array).tolist()
    return _list(nested) if isinstance(nested, list) else number(nested)


def _list(nested: Any) -> str:
    return f"[{', '.join(map(_list, nested))}]" if isinstance(nested, list) else number(nested, 3)


def number(value: Any, digits: int = 4) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
