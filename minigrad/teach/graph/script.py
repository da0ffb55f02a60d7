"""The graph behind a tensor of a script, for the command line."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from minigrad.teach.graph import Graph, check_has_graph, graph_of_rows
from minigrad.teach.rows import read
from minigrad.tensor import Tensor


def graph_of_script(script: str, name: str, depth: int | None = None) -> Graph:
    """Run a script, as `python script` would, and draw its tensor `name`.

    Errors: the script's own; a name that it has not given to a tensor.
    """
    if not Path(script).is_file():
        raise FileNotFoundError(f"there is no file {script}.")
    argv, path = sys.argv, list(sys.path)
    sys.argv, sys.path[:0] = [script], [str(Path(script).resolve().parent)]
    try:
        variables = runpy.run_path(script, run_name="__main__")
    finally:
        sys.argv, sys.path[:] = argv, path
    tensor = variables.get(name)
    if not isinstance(tensor, Tensor):
        results = [key for key, value in variables.items() if isinstance(value, Tensor) and value.record is not None]
        said = f"its results are {', '.join(results)}: say {script}:NAME" if results else "nor any result of an op"
        raise ValueError(f"{script} has no tensor {name!r}; {said}.")
    check_has_graph([tensor])
    frame: Any = SimpleNamespace(f_locals=variables, f_globals=variables, f_back=None)  # the script's own is gone
    return graph_of_rows(read([tensor], frame), depth=depth)
