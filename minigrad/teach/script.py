"""A script, run to look at what it computed: for `minigrad step` and `minigrad graph`.

Some are ready-made, in the folder `demos`.
"""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from importlib.resources import files
from typing import Any

from minigrad.tape import Tape
from minigrad.teach.graph import Graph, graph_of_rows, rows_of_tensors
from minigrad.teach.trace import Trace
from minigrad.tensor import Tensor

DEMOS = ("diamond", "mlp", "softmax", "conv", "batchnorm", "momentum")
USUAL = "loss"  # the variable that holds the result, if no other is named


def demo(name: str) -> str:
    """A ready-made script. Its first line says what there is to see, and it computes a `loss`."""
    if name not in DEMOS:
        raise ValueError(f"There is no demo {name!r}; there are {', '.join(DEMOS)}.")
    return (files("minigrad.teach") / "demos" / f"{name}.py").read_text("utf-8")


class ScriptError(ValueError):
    """A script that raised; the message is its traceback, without the lines that are not the script's."""


def trace_script(source: str, file: str, name: str = USUAL) -> Trace:
    """The backward pass from the Tensor in a variable of a script. source: the script; `file` is what it is called."""
    result, variables = result_of(source, file, name)
    return Trace(result, None, [variables])


def graph_script(source: str, file: str, name: str = USUAL, depth: int | None = None) -> Graph:
    """The graph behind the Tensor in a variable of a script, as `mg.graph` draws it."""
    result, variables = result_of(source, file, name)
    return graph_of_rows(rows_of_tensors([result], [variables]), depth=depth)


def result_of(source: str, file: str, name: str) -> tuple[Tensor, dict[str, Any]]:
    """The Tensor in the variable `name` of a script, and all its variables."""
    variables = run_script(source, file)
    if not isinstance(variables.get(name), Tensor):
        there = ", ".join(one for one, value in variables.items() if isinstance(value, Tensor) and value.record)
        given = f"it is of type {type(variables[name]).__name__}" if name in variables else "there is none of that name"
        others = f"Those with a graph are {there}: name one, as in {file}:NAME." if there else "None has a graph."
        raise ValueError(f"{file}: expected the result in a variable {name!r}, a Tensor, but {given}. {others}")
    return variables[name], variables


def run_script(source: str, file: str) -> dict[str, Any]:
    """The variables of a script after it has run, under a Tape, as `python FILE` runs it."""
    # The source is noted, so that lines can be told of a script that lies in no file, too.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    variables: dict[str, Any] = {"__name__": "__main__", "__file__": file}
    path, arguments = sys.path[:], sys.argv[:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    sys.argv[:] = [file]
    try:
        with Tape():
            exec(compile(source, file, "exec"), variables)
    except SystemExit:
        pass  # it is done
    except Exception as error:
        frames = error.__traceback__.tb_next if error.__traceback__ else None
        lines = traceback.format_exception(type(error), error, frames)
        raise ScriptError(f"{file} raised an error.\n{''.join(lines).rstrip()}") from None
    finally:
        sys.path[:], sys.argv[:] = path, arguments
    return variables
