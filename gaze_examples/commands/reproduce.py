"""The command `gaze reproduce`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gaze_examples.commands import options


def add(commands: Any) -> None:
    """Register it, with its options."""
    reproduce = options.add_command(commands, "reproduce", "do the course's assignment from end to end, in one report")
    reproduce.add_argument("--quick", action="store_true", help="fewer epochs: about a minute on the small set")
    options.add_out(reproduce, "reproduce")
    reproduce.add_argument(
        "--resume", metavar="DIR", type=options.name, help="go on with a reproduction that was stopped"
    )
    options.add_device(reproduce)
    options.add_data(reproduce)
    reproduce.set_defaults(run=_reproduce)


def _reproduce(arguments: argparse.Namespace) -> int:
    import matplotlib.figure  # noqa: F401  that it is missing should be said before the training

    from gaze_examples.reproduce import command

    if arguments.resume is not None:
        options.nothing_given(arguments, ["quick", "out", "device", *options.DATA_OPTIONS])
        return command.resume(Path(arguments.resume), lambda asked: options.load({**options.DATA_OPTIONS, **asked}))
    folder = options.out(arguments, "reproduce")
    options.device(arguments.device)
    asked = options.asked_for(arguments) | {"device": arguments.device or "cpu"}
    return command.begin(folder, arguments.quick, asked, lambda: options.load(asked))
