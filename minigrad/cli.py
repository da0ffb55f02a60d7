"""`minigrad check FILE.py`, `minigrad graph SCRIPT.py`: the command line."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minigrad.teach.graph.script import graph_of_script
from minigrad.testing.check import TIME_LIMIT, check_file, table


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have every letter
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (OSError, ValueError, ImportError) as error:
        print(f"minigrad {arguments.command}: {str(error).removeprefix('graph: ')}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="minigrad", description="Look at backprop from outside.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="say whether the backward passes in a file are right, and what is probably wrong with those that are not",
        description="Checks every pair foo_forward, foo_backward and every foo_loss in a file. "
        "Exit code 0: all right; 1: something is wrong; 2: nothing could be checked.",
    )
    check.add_argument("file", metavar="FILE.py", help="a Python file; it is run, in a process of its own")
    check.add_argument("--op", metavar="NAME", help="check this op only: conv for conv_forward and conv_backward")
    check.add_argument("--json", action="store_true", help="print JSON for programs")
    check.add_argument("--seed", type=int, default=0, metavar="N", help="of the drawn calls (default: 0)")
    check.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT, metavar="SECONDS", help=f"for each op (default: {TIME_LIMIT:g})"
    )
    check.set_defaults(run=_check)
    graph = commands.add_parser(
        "graph",
        help="draw the graph behind a tensor of a script",
        description="Runs a script and draws what one of its tensors was computed from.",
    )
    graph.add_argument("script", metavar="SCRIPT.py[:NAME]", help="a script, and its tensor's name (default: loss)")
    graph.add_argument("--out", metavar="FILE", help=".svg, .png, .pdf or .dot (default: SCRIPT.svg)")
    graph.add_argument("--depth", type=int, metavar="N", help="modules deeper than that are one box each")
    graph.set_defaults(run=_graph)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    def progress(row: dict[str, Any]) -> None:
        if sys.stderr.isatty() and not arguments.json:
            print(f"\r\033[K{row['op']} ...", end="", file=sys.stderr, flush=True)

    report = check_file(
        arguments.file, op=arguments.op, seed=arguments.seed, time_limit=arguments.time_limit, on_row=progress
    )
    if sys.stderr.isatty() and not arguments.json:
        print("\r\033[K", end="", file=sys.stderr)
    print(json.dumps(report.as_json(), indent=2) if arguments.json else table(report))
    return report.exit_code


def _graph(arguments: argparse.Namespace) -> int:
    script, _, name = arguments.script.partition(".py:")
    script = f"{script}.py" if name else script
    drawing = graph_of_script(script, name or "loss", depth=arguments.depth)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        print(drawing.render(arguments.out or Path(script).with_suffix(".svg").name))
    for note in [drawing.note, *(str(warning.message) for warning in said)]:
        if note:
            print(note, file=sys.stderr)
    return 0
