"""Rows, checks and sums as plain data, for JSON; `plain` does it for their arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.backend import Array
from minigrad.tape import arrays_in, name_of_file
from minigrad.teach.rows import Row, Value
from minigrad.teach.trace.plain import number, plain
from minigrad.teach.trace.replay import Check
from minigrad.teach.trace.rules import rules_of
from minigrad.teach.trace.terms import Sum
from minigrad.teach.trace.windows import window_of


def plain_row(row: Row) -> dict[str, Any]:
    """A row of the forward pass."""
    return {
        "row": row.index,
        "kind": row.kind,
        **plain_op(row),
        "arguments": [
            {
                "argument": one.name,
                "row": one.row,
                "output": one.output,
                "constant": plain_constant(one.constant),
                "wants": one.wants,
            }
            for one in row.arguments
        ],
        "users": row.users,
        "window": window_of(row.record) if row.kind == "op" else None,
    }


def plain_op(row: Row) -> dict[str, Any]:
    """What ran in a row, where, and what it gave; for a leaf, what it is."""
    file, line, source, rules = "", 0, "", None
    if row.kind == "op":
        file, line = row.record.where
        source = row.record.line.partition(": ")[2]
        rules = rules_of(row.record.op)
    return {
        "row": row.index,
        "op": row.op,
        "pair": rules.pair if rules is not None else "",
        "module": row.module,
        "file": name_of_file(file),
        "line": line,
        "source": source,
        "outputs": [plain_value(value) for value in row.outputs],
    }


def plain_value(value: Value) -> dict[str, Any]:
    """A value with its name."""
    return {
        "name": value.name,
        "shape": list(value.shape),
        "dtype": str(value.dtype),
        "value": plain(value.array),
    }


def plain_constant(value: Any) -> Any:
    """A number that an op was given in place of an array."""
    return None if value is None else number(value) if isinstance(value, (bool, int, float)) else str(value)


def plain_sum(one: Sum) -> dict[str, Any]:
    """An element of a contribution, taken apart."""
    return {
        "place": list(one.place),
        "terms": [
            {
                "output": term.output,
                "place": list(term.place),
                "upstream": number(term.upstream),
                "local": number(term.local),
                "product": number(term.product),
            }
            for term in one.terms
        ],
        "others": one.others,
        "rest": number(one.rest),
        "total": number(one.total),
    }


def plain_check(check: Check) -> dict[str, Any]:
    """A gradient beside the measured slope."""
    gradient, slope = number(check.gradient), number(check.slope)
    return {"place": list(check.place), "gradient": gradient, "slope": slope, "verdict": check.verdict}


def plain_cache(row: Row, rows: list[Row]) -> Iterator[dict[str, Any]]:
    """The arrays and scalars that forward kept for backward, by the names of the values that they are."""
    known = [
        (argument.name, rows[argument.row].outputs[argument.output])
        for argument in row.arguments
        if argument.row is not None
    ]
    known += [("out", value) for value in row.outputs]
    cache = row.record.cache
    scalars = [one for one in (cache if type(cache) is tuple else (cache,)) if isinstance(one, np.generic)]
    for array in [*arrays_in(cache), *scalars]:
        names = [name for name, value in known if value.array is not None and _is(array, value.array)]
        yield {"name": names[0] if names else "", "value": plain(array)}


def _is(array: Array, other: Array) -> bool:
    """Whether two arrays are one, or look at the same memory in the same shape."""
    if array is other:
        return True
    if isinstance(array, np.generic):  # a copy of what a 0-d array holds
        return not other.shape and array.dtype == other.dtype and bool(array == other)
    if not (isinstance(array, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return array.shape == other.shape and array.strides == other.strides and np.may_share_memory(array, other)
