"""`minigrad doctor`."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
from typing import Any

from minigrad.doctor.examination import TIME_LIMIT, examine
from minigrad.teach.colours import colours_for


def add(commands: Any) -> None:
    """Add the command to those of `minigrad`."""
    doctor = commands.add_parser(
        "doctor",
        help="say which of the packages and programs that minigrad can use are here and work, and what to do",
        description="Looks for all that minigrad can use. "
        "Exit code 0: all that is required is here and works; 1: it is not.",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON for programs")
    doctor.add_argument(
        "--time-limit", type=_seconds, default=TIME_LIMIT, metavar="SECONDS", help=f"for each (default: {TIME_LIMIT:g})"
    )
    doctor.set_defaults(run=_doctor)


def _seconds(text: str) -> float:
    if not 0 < float(text) < math.inf:
        raise argparse.ArgumentTypeError(f"must be greater than 0, not {text}")
    return float(text)


_seconds.__name__ = "number of seconds"


def _doctor(arguments: argparse.Namespace) -> int:
    report = examine(time_limit=arguments.time_limit)
    if arguments.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        print(report.text(shutil.get_terminal_size().columns, colours_for(sys.stdout)))
    return report.exit_code
