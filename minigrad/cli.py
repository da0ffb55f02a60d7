"""`minigrad check`, `explain`, `step`, `graph`, `exercise`, `doctor`: the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import minigrad
from minigrad.doctor import command as doctor
from minigrad.exercises import command as exercise
from minigrad.teach import explain
from minigrad.teach.colours import colours_for
from minigrad.teach.explain import terminal
from minigrad.teach.script import DEMOS, USUAL, demo, graph_script, trace_script
from minigrad.teach.trace.terminal import show
from minigrad.testing.check import TIME_LIMIT, check_file, table


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have every letter
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser().parse_args(words or ["--help"])
    try:
        code = arguments.run(arguments)
        print(end="", flush=True)  # unlike sys.stdout.flush(), also where stdout was closed
        return code
    except BrokenPipeError:  # who reads it, such as `head`, has seen enough; and Python is not to try again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError, ImportError, LookupError, RuntimeError) as error:
        print(
            f"minigrad {arguments.command}: {_in_words(error).removeprefix(f'{arguments.command}: ')}", file=sys.stderr
        )
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _in_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and error.filename:
        folder = Path(error.filename).absolute().parent
        return f"there is no file {error.filename}." if folder.is_dir() else f"there is no folder {folder}."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror.lower()}." if error.filename else error.strerror
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="minigrad", description="Look at backprop from outside.")
    parser.add_argument("--version", action="version", version=f"minigrad {minigrad.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_check, _add_explain, _add_step, _add_graph, exercise.add, doctor.add):
        add(commands)
    return parser


# -- check -------------------------------------------------------------------------------------------------------------


def _add_check(commands: Any) -> None:
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


# -- explain -----------------------------------------------------------------------------------------------------------


def _add_explain(commands: Any) -> None:
    parser = commands.add_parser(
        "explain",
        help="an op's formula, the derivation of its gradients, its code, and an example worked out and checked",
        description="Explains an op. Without a name it lists them all.",
    )
    parser.add_argument("op", metavar="OP", nargs="?", help="conv2d, softmax, ...")
    parser.add_argument("--html", metavar="FILE", help="write a page instead")
    parser.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace) -> int:
    if arguments.op is None:
        print(terminal.contents(explain.FAMILIES, colours_for(sys.stdout)))
        return 0
    report = explain.explain(arguments.op)
    if arguments.html:
        print(f"Written to {report.to_html(arguments.html)}.")
    else:
        print(terminal.text(report, colours_for(sys.stdout)))
    return 0


# -- step --------------------------------------------------------------------------------------------------------------


def _add_step(commands: Any) -> None:
    parser = commands.add_parser(
        "step",
        help="walk a backward pass, step by step, forwards and back",
        description="Runs a script and walks the backward pass from its loss: in a terminal step by step, into a file "
        "all at once.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "script", metavar="SCRIPT.py[:NAME]", nargs="?", help=f"a script, and the variable with its result ({USUAL})"
    )
    what.add_argument("--demo", metavar="NAME", choices=DEMOS, help=f"a ready-made one: {', '.join(DEMOS)}")
    parser.add_argument("--html", metavar="FILE", help="write a page for the browser instead")
    parser.add_argument("--json", action="store_true", help="print the steps as JSON, for programs")
    parser.set_defaults(run=_step)


def _step(arguments: argparse.Namespace) -> int:
    if arguments.demo is not None:
        trace = trace_script(demo(arguments.demo), f"{arguments.demo}.py")
    else:
        file, name = _file_and_name(arguments.script)
        trace = trace_script(Path(file).read_text("utf-8"), file, name)
    if arguments.html:
        trace.to_html(arguments.html)
        print(f"Written to {arguments.html}: open it in a browser.")
    elif arguments.json:
        print(json.dumps(trace.steps, indent=2))
    else:
        show(trace)
    return 0


def _file_and_name(script: str) -> tuple[str, str]:
    """`net.py:out` as its two parts. (A colon may also be part of a Windows path.)"""
    file, colon, name = script.rpartition(":")
    return (file, name) if colon and name.isidentifier() else (script, USUAL)


# -- graph -------------------------------------------------------------------------------------------------------------


def _add_graph(commands: Any) -> None:
    parser = commands.add_parser(
        "graph",
        help="draw the graph behind a tensor of a script",
        description="Runs a script and draws what one of its tensors was computed from.",
    )
    parser.add_argument("script", metavar="SCRIPT.py[:NAME]", help=f"a script, and the variable to draw ({USUAL})")
    parser.add_argument("--out", metavar="FILE", help=".svg, .png, .pdf or .dot (default: SCRIPT.svg)")
    parser.add_argument("--depth", type=int, metavar="N", help="modules deeper than that are one box each")
    parser.set_defaults(run=_graph)


def _graph(arguments: argparse.Namespace) -> int:
    file, name = _file_and_name(arguments.script)
    drawing = graph_script(Path(file).read_text("utf-8"), file, name, depth=arguments.depth)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        print(f"Written to {drawing.render(arguments.out or Path(file).with_suffix('.svg').name)}.")
    for note in [drawing.note, *(str(warning.message) for warning in said)]:
        if note:
            print(note, file=sys.stderr)
    return 0
