"""The graph behind a result, read into rows: what the pictures, the trace and the page are made from.

The tape holds what backward needs and no more. Here it is put in the order of the forward pass: the leaves, each before
the first op that uses it, and the ops with their results, with the names that the user's code has for them and with the
values that are still to be had. Those are the arrays of the tensors that have a name, and all of them under
`with mg.Tape():`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.backend import Array, is_array
from minigrad.tape import Output, Record, edits
from minigrad.teach.expressions import names_in_source, operand_in_source
from minigrad.teach.names import Named, Scope
from minigrad.tensor import Leaf, Tensor, as_array


@dataclass
class Value:
    """One tensor of the graph.

    array: its elements, None where nobody keeps them. gradient: that of a leaf, and of a result where it is kept; None
    as long as there is none. held: whether a variable holds it, or the user has named it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: Any
    array: Array | None = None
    gradient: Array | None = None
    held: bool = False


@dataclass(frozen=True)
class Argument:
    """What an op was given in one place.

    name: that of the parameter of the op's forward. row, output: which value it is; row is None for what is no array.
    constant: the number that was given instead, if that is known. wants: whether a gradient goes to it.
    """

    name: str
    row: int | None = None
    output: int = 0
    constant: Any = None
    wants: bool = False


@dataclass
class Row:
    """A leaf, or an op with its results.

    kind: "op"; "parameter", a leaf that gets a gradient; "input", a leaf that gets none.
    node: the record or leaf. outputs: its values, one or several. arguments: of the op, in order. users: the rows that
    use it, once for each use.
    """

    index: int
    kind: str
    node: Record | Leaf
    outputs: list[Value]
    arguments: list[Argument] = field(default_factory=list)
    users: list[int] = field(default_factory=list)

    @property
    def record(self) -> Record:
        """The record of an op."""
        assert isinstance(self.node, Record)
        return self.node

    @property
    def leaf(self) -> Leaf:
        """The leaf that it is."""
        assert isinstance(self.node, Leaf)
        return self.node

    @property
    def op(self) -> str:
        """The op's name, "" for a leaf."""
        return self.node.op.name if isinstance(self.node, Record) else ""

    @property
    def module(self) -> str:
        """The path of the module that it was computed in; "" outside any, and for a leaf."""
        return self.node.module if isinstance(self.node, Record) else ""


def read(ends: Sequence[Tensor], scopes: Iterable[Scope]) -> list[Row]:
    """The rows behind tensors, in the order of the forward pass. scopes: variables, that tensors are called after."""
    return _Reader(ends, scopes).rows


class _Reader:
    """Reads records, in the order in which they were made, into rows."""

    def __init__(self, ends: Sequence[Tensor], scopes: Iterable[Scope]) -> None:
        self.rows: list[Row] = []
        self._named = Named(scopes)
        self._place: dict[Any, int] = {}  # of each record and leaf among the rows
        for end in ends:
            self._named.tensors.setdefault(end.node, ("", end))
        records = _records(ends)
        self._names = names_in_source(records)
        self._later_outputs: dict[tuple[Record, int], Output] = {
            (node.record, node.index): node
            for node in [*self._named.tensors, *(source for record in records for source in record.sources)]
            if isinstance(node, Output)
        }
        for record in records:
            self._read(record)
        for end in ends:
            if isinstance(end.node, Leaf) and end.node not in self._place:
                self._enter_leaf(end.node, "", edits.last)

    def _read(self, record: Record) -> None:
        given_all = flat(record.kept.arguments) if record.kept is not None else [None] * len(record.sources)
        arguments = []
        several = zip(record.sources, _parameters(record), given_all, strict=True)
        for i, (source, name, given) in enumerate(several):
            node = source.record if isinstance(source, Output) else source
            if isinstance(node, Leaf) and node not in self._place:
                self._enter_leaf(node, operand_in_source(record, i) or f"{name} of {record.op.name}", record.number)
            if not isinstance(node, (Leaf, Record)):
                arguments.append(Argument(name, constant=given))
                continue
            output = source.index if isinstance(source, Output) else 0
            row = self.rows[self._place[node]]
            value = row.outputs[output]
            if value.array is None and hasattr(given, "dtype") and given.dtype == value.dtype:
                value.array = _unchanged(as_array(given), record.number)
            arguments.append(Argument(name, row.index, output, wants=record.wants[i] and source.needs))
        for argument in arguments:  # now that all its leaves have their rows, the op's own is the next
            if argument.row is not None:
                self.rows[argument.row].users.append(len(self.rows))
        self._enter("op", record, [self._output(record, i) for i in range(record.count)], arguments)

    def _enter(self, kind: str, node: Any, outputs: list[Value], arguments: Sequence[Argument] = ()) -> None:
        self._place[node] = len(self.rows)
        self.rows.append(Row(len(self.rows), kind, node, outputs, list(arguments)))

    def _enter_leaf(self, leaf: Leaf, role: str, number: int) -> None:
        """role: what the op that it was first given to calls it; it stands for a name if no variable has it.

        number: of that op's record. What was changed in place since then is not what the op was given.
        """
        name, tensor = self._named.tensors.get(leaf, ("", None))
        array = _unchanged(tensor.array, number) if tensor is not None else None
        gradient = leaf.grad.array if leaf.grad is not None else None
        name = leaf.name or name
        value = Value(name or role, leaf.shape, leaf.dtype, array, gradient, bool(name))
        self._enter("parameter" if leaf.needs else "input", leaf, [value])

    def _output(self, record: Record, i: int) -> Value:
        node = record if i == 0 else self._later_outputs.get((record, i))
        name, tensor = self._named.tensors.get(node, ("", None))
        name = getattr(node, "name", None) or name
        in_source = self._names[record] if record.count == 1 else f"{self._names[record]}[{i}]"
        known = node if node is not None else record
        value = Value(name or in_source, known.shape, known.dtype, held=bool(name))
        if tensor is not None:
            value.array, retained = tensor.array, tensor._retained
            value.gradient = retained.array if retained is not None else None
        if record.kept is not None:
            value.array = record.kept.arrays[i]
            if record.kept.gradients[i] is not None:
                value.gradient = as_array(record.kept.gradients[i])
        if value.array is not None:
            value.shape, value.dtype = value.array.shape, value.array.dtype
            value.array = _unchanged(value.array, record.number)
        return value


def _records(ends: Sequence[Tensor]) -> list[Record]:
    """All records that the tensors were computed by, in the order in which they were made."""
    found = {end.record for end in ends if end.record is not None}
    waiting = list(found)
    while waiting:
        for source in waiting.pop().sources:
            node = source.record if isinstance(source, Output) else source
            if isinstance(node, Record) and node not in found:
                found.add(node)
                waiting.append(node)
    return sorted(found, key=lambda record: record.number)


def flat(arguments: Sequence[Any]) -> list[Any]:
    """The arguments, with lists of arrays opened: one for each source of the record."""
    return [one for argument in arguments for one in (argument if isinstance(argument, list) else [argument])]


def _unchanged(array: Array, number: int) -> Array | None:
    """`array`, unless it was changed in place after the record with this number was made."""
    return array if not is_array(array) or edits.time(array) <= number else None


def _parameters(record: Record) -> list[str]:
    """For each source of a record, what the op's forward calls it: `x`, or `parts[0]` where it takes a list."""
    names: list[str] = []
    for parameter in inspect.signature(record.op.forward).parameters.values():
        if "list[" in str(parameter.annotation) or parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(len(record.sources) - len(names))]
        else:
            names.append(parameter.name)
    names += [f"argument {i}" for i in range(len(names), len(record.sources))]
    return names[: len(record.sources)]
