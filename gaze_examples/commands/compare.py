"""The command `gaze compare`."""

from __future__ import annotations

import argparse
from typing import Any

from gaze_examples.commands import options, printing


def add(commands: Any) -> None:
    """Register it, with its options."""
    compare = options.add_command(commands, "compare", "train all networks on one split and set them side by side")
    compare.add_argument(
        "--epochs", type=options.positive(int), help="passes over the training data (default: each its own)"
    )
    options.add_out(compare, "compare")
    options.add_device(compare)
    options.add_data(compare)
    compare.set_defaults(run=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    from gaze_examples import compare, run_folder
    from gaze_examples.data import DataError

    folder = options.out(arguments, "compare")
    run_folder.check_free(folder)
    options.device(arguments.device)
    asked = options.asked_for(arguments)
    data = options.load(asked)
    print(data.describe(), end="\n\n")
    results = compare.compare(
        data, asked["seed"], arguments.device or "cpu", arguments.epochs,
        on_epoch=lambda name, epoch: print(f"{name:10} {printing.epoch_line(epoch)}", flush=True),
    )  # fmt: skip
    if not results:
        raise KeyboardInterrupt
    print(f"\n{compare.table(results, data)}")
    try:
        compare.save(results, data, folder, asked)
    except OSError as error:
        raise DataError(f"Could not write the folder {folder} ({error}); make room, or name another.") from error
    print(f"\nOpen {folder / compare.REPORT}; each network is in a folder of its own beside it.")
    return 0
