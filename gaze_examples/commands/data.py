"""The command `gaze data`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gaze_examples.commands import options


def add(commands: Any) -> None:
    """Register it, with its options."""
    data = options.add_command(commands, "data", "say what the data is, show it, or write it in the course's layout")
    data.add_argument("path", metavar="PATH", nargs="?", type=options.name, help="the same as --data PATH")
    data.add_argument("--sheet", metavar="PNG", type=options.file, help="draw a contact sheet")
    data.add_argument("--write", metavar="DIR", type=options.name, help="export to DIR/Image and DIR/Label")
    options.add_data(data)
    data.set_defaults(run=_data)


def _data(arguments: argparse.Namespace) -> int:
    from gaze_examples.data import DataError, format_of

    if arguments.path is not None:
        if arguments.data is not None:
            raise DataError(f"Give the folder once: {arguments.path}, or --data {arguments.data}.")
        arguments.data = arguments.path
    asked = options.asked_for(arguments)
    if asked["data"] != "synthetic":
        print(f"{asked['data']} is {format_of(asked['data'])}.")
    data = options.load(asked)
    print(data.describe())
    for skipped in data.skipped:
        print(f"skipped {skipped.path}: {skipped.why}")
    if arguments.sheet is not None:
        from gaze_examples.data.contact_sheet import contact_sheet

        contact_sheet(data.split.train, data.labels["train"], arguments.sheet, seed=asked["seed"])
        print(f"\nThe contact sheet is {arguments.sheet}.")
    if arguments.write is not None:
        _export(asked, Path(arguments.write))
    return 0


def _export(asked: dict[str, Any], folder: Path) -> None:
    from tqdm import tqdm

    from gaze_examples.data import gazehub

    eyes = options.read(asked).eyes
    with tqdm(total=len(eyes), desc="writing", unit=" pairs", disable=None) as bar:
        gazehub.write(eyes, folder, progress=bar.update)
    print(f"\n{len(eyes):,} pairs are in {folder}, in the layout Image/ and Label/.")
