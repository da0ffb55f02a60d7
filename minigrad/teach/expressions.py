"""What the user's source calls a result that no variable holds any more: `b * a`, or the variable it was assigned to.

Each record knows the place of the expression that ran it. Read with `ast`, the file says what stands there.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Sequence
from typing import Any

from minigrad.tape import Record

LONGEST = 32  # letters of an expression that may stand for its result

Found = tuple[str, str, tuple[str, ...]]  # an expression, the variable that it is assigned to, and its operands


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
