"""The command `gaze`. Every mistake is one sentence on stderr and exit code 2.

What it can do is in `commands`, a file for each command.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from gaze_examples.commands import compare, data, evaluate, photos, printing, ranks, reproduce, step, train


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of numbers too large: `train` says it better
            for stream in (sys.stdout, sys.stderr):  # None where it was closed
                if isinstance(stream, io.TextIOWrapper):
                    stream.reconfigure(errors="backslashreplace")  # a terminal may not have every letter
            code = _run(argv)
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
    except KeyboardInterrupt as stop:
        if sys.stderr is not None and sys.stderr.isatty():
            print(file=sys.stderr)  # below a progress bar
        printing.say(str(stop) or printing.STOPPED)
        return printing.OVER
    except BrokenPipeError:
        _print_the_rest()
        return printing.say("Stopped, since nobody reads what it prints any more.")
    except OSError as error:
        _print_the_rest()
        return printing.say(printing.sentence(error))


def _run(argv: Sequence[str] | None) -> int:
    try:
        words = _joined(sys.argv[1:] if argv is None else argv)
        arguments = _parser().parse_args(words or ["--help"])
        from gaze_examples.data import DataError
    except ImportError as error:
        return printing.say(f"gaze needs {error.name}: install it with pip install 'minigrad[gaze]'.")
    try:
        if not getattr(arguments, "data_parallel", False):
            ranks.check_alone()
        return arguments.run(arguments)
    except (DataError, RuntimeError) as error:
        return printing.say(str(error))
    except ImportError as error:
        extra = "mpi" if error.name == "mpi4py" else "gaze"
        return printing.say(f"This needs the package {error.name}: install it with pip install 'minigrad[{extra}]'.")


def _joined(words: Sequence[str]) -> list[str]:
    """`--origin -1,-9` as one word: argparse would take what begins with a minus for another option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--origin" and word[:1] == "-" and word[1:2].isdigit():
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    printing.say(str(message))


def _print_the_rest() -> None:
    """Print what waits; where that fails, let it go, so that Python does not try again, and complain, when it ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# -- arguments ---------------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gaze", description="Which quarter of the screen do these two eyes look at?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (
        train.add, compare.add, reproduce.add, evaluate.add, photos.add_predict, photos.add_explain, step.add, data.add
    ):  # fmt: skip
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
