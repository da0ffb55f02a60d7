"""`mg.summary(model, x)`: what a network is made of, and what happens to shapes and memory on the way through it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from minigrad.autograd import enable_grad
from minigrad.nn.module import Module
from minigrad.tape import Tape, arrays_in
from minigrad.teach.untouched import tensors_in, untouched


@dataclass
class Row:
    """One run of a module, or a module with parameters that was not run.

    path: its dotted name in the network, "" for the network itself. depth: how many modules it ran inside of.
    outputs: the shapes of the Tensors that it gave, None if it was not run. parameters: how many numbers of its own it
    learns with, its inner modules' not included, nor what a row above has counted already (`again`).
    output_bytes, kept_bytes: the size of its outputs, and of what its own ops keep for backward, each array once.
    """

    path: str
    name: str
    kind: str
    depth: int
    parameters: int
    again: bool
    outputs: list[tuple[int, ...]] | None = None
    output_bytes: int = 0
    kept_bytes: int = 0
    first: int = 0  # the tape's length when it began ...
    last: int = 0  # ... and when it ended


@dataclass
class Summary:
    """The table as an object: `rows`, and totals of numbers and bytes. `str()` is the table."""

    rows: list[Row] = field(default_factory=list)
    parameters: int = 0
    trainable: int = 0
    parameter_bytes: int = 0
    output_bytes: int = 0
    kept_bytes: int = 0

    def __str__(self) -> str:
        header = ("module", "kind", "output", "parameters", "output bytes", "kept for backward")
        cells = [
            (
                tree + row.name,
                row.kind,
                "not run" if row.outputs is None else ", ".join(map(str, row.outputs)),
                "counted above" if row.again else f"{row.parameters:,}" if row.parameters else "",
                f"{row.output_bytes:,}" if row.outputs is not None else "",
                f"{row.kept_bytes:,}" if row.kept_bytes else "",
            )
            for tree, row in zip(_branches([row.depth for row in self.rows]), self.rows, strict=True)
        ]
        widths = [max(len(line[column]) for line in [header, *cells]) for column in range(len(header))]
        table = [_aligned(line, widths) for line in [header, *cells]]
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        frozen = self.parameters - self.trainable
        totals = [
            ("parameters", f"{self.parameters:,}", _readable(self.parameter_bytes)),
            ("  trainable", f"{self.trainable:,}", ""),
            ("  frozen", f"{frozen:,}", ""),
            ("outputs", f"{self.output_bytes:,} bytes", _readable(self.output_bytes)),
            ("kept for backward", f"{self.kept_bytes:,} bytes", _readable(self.kept_bytes)),
        ]
        left, middle = (max(len(total[column]) for total in totals) for column in (0, 1))
        below = [f"{what:{left}}  {count:>{middle}}  {size}".rstrip() for what, count, size in totals]
        return "\n".join([table[0], rule, *table[1:], rule, *below])

    __repr__ = __str__


def summary(model: Module, x: Any) -> Summary:
    """Run `model` once on `x` (a Tensor, or a tuple of several arguments) and tell what each module in it made.

    The model runs in its present mode. Its buffers, such as running statistics, and the library's random stream are
    put back as they were, and no gradient is touched. Totals count memory once, and the input's not at all.
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: expected a Module, got {type(model).__name__}.")
    arguments = x if isinstance(x, tuple) else (x,)
    watch = _Watch(model)
    with untouched(model), watch.watching(), Tape() as watch.tape, enable_grad():
        model(*arguments)
    return watch.summed_up(arguments)


class _Watch:
    """Writes a row whenever a module inside `model` runs."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.tape = Tape()
        self.rows: list[Row] = []
        self._running: list[str] = []
        self._counted: set[int] = set()
        self._outputs: dict[int, Any] = {}  # the memory of every output by its id, kept so that ids stay apart

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside it the modules' `forward` is one that notes what it gives."""
        modules = dict(self.model.named_modules())
        before = {path: vars(module).get("forward") for path, module in modules.items()}
        try:
            for path, module in modules.items():
                vars(module)["forward"] = self._noting(path, module)
            yield
        finally:
            for path, module in modules.items():
                del vars(module)["forward"]
                if before[path] is not None:
                    vars(module)["forward"] = before[path]

    def _noting(self, path: str, module: Module) -> Any:
        forward = module.forward

        def noted(*args: Any, **kwargs: Any) -> Any:
            row = self._row(path, module)
            row.first = len(self.tape)
            self._running.append(path)
            try:
                result = forward(*args, **kwargs)
            finally:
                self._running.pop()
            row.last = len(self.tape)
            arrays = [tensor.array for tensor in tensors_in(result)]
            row.outputs = [array.shape for array in arrays]
            row.output_bytes = sum(array.nbytes for array in arrays)
            self._outputs.update((id(memory), memory) for memory in map(_memory, arrays))
            return result

        return noted

    def _row(self, path: str, module: Module) -> Row:
        caller = self._running[-1] if self._running else ""
        name = path.removeprefix(f"{caller}.") if caller else path
        own = list(module.parameters(recurse=False))
        fresh = [parameter for parameter in own if id(parameter) not in self._counted]
        self._counted.update(map(id, own))
        count = sum(parameter.numel() for parameter in fresh)
        kind = type(module).__name__
        row = Row(path, name or kind, kind if path else "", len(self._running), count, bool(own) and not fresh)
        self.rows.append(row)
        return row

    def summed_up(self, arguments: tuple) -> Summary:
        for path, module in self.model.named_modules():
            seen = any(row.path == path for row in self.rows)
            if not seen and any(id(parameter) not in self._counted for parameter in module.parameters(recurse=False)):
                self._row(path, module).depth = 1
        parameters = list(self.model.parameters())
        given = [*parameters, *self.model.buffers(), *tensors_in(arguments)]
        known = {id(_memory(tensor.array)) for tensor in given}
        made = [memory.nbytes for key, memory in self._outputs.items() if key not in known]
        self._share_out_what_is_kept(known)
        return Summary(
            self.rows,
            parameters=sum(parameter.numel() for parameter in parameters),
            trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
            parameter_bytes=sum(parameter.nbytes for parameter in parameters),
            output_bytes=sum(made),
            kept_bytes=sum(row.kept_bytes for row in self.rows),
        )

    def _share_out_what_is_kept(self, known: set[int]) -> None:
        """Each array that a record keeps counts for the innermost module that ran; what was there before, for none."""
        for number, record in enumerate(self.tape):
            for array in arrays_in(record.cache):
                memory = _memory(array)
                if id(memory) not in known:
                    known.add(id(memory))
                    inside = [row for row in self.rows if row.first <= number < row.last]
                    inside[-1].kept_bytes += memory.nbytes


def _memory(array: Any) -> Any:
    """The array that owns the memory of this one."""
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return array


# -- the table ---------------------------------------------------------------------------------------------------------


def _branches(depths: list[int]) -> list[str]:
    """What stands before each name so that the column reads as a tree."""
    lines = []
    for number, depth in enumerate(depths):
        line = ""
        for level in range(1, depth + 1):
            rest = next((later for later in depths[number + 1 :] if later <= level), 0)
            goes_on = rest == level
            line += ("├─ " if goes_on else "└─ ") if level == depth else ("│  " if goes_on else "   ")
        lines.append(line)
    return lines


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    """Words to the left, numbers to the right."""
    pairs = enumerate(zip(cells, widths, strict=True))
    return "  ".join(cell.ljust(width) if column < 3 else cell.rjust(width) for column, (cell, width) in pairs).rstrip()


def _readable(count: int) -> str:
    """`2.1 MiB`."""
    power = min(int(math.log(count, 1024)), 4) if count else 0
    return f"{count / 1024**power:.1f} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[power]}" if power else f"{count} B"
