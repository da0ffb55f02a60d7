"""The command `gaze step`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gaze_examples.commands import options


def add(commands: Any) -> None:
    """Register it, with its options."""
    step = options.add_command(commands, "step", "walk through the backward pass of one image, step by step")
    step.add_argument(
        "run_folder", metavar="RUN", nargs="?", help="a run folder (default: a network with fresh weights)"
    )
    step.add_argument("--model", help="which network, with fresh weights: two-layer, fc, cnn, cnn-bn or best "
                      "(default: two-layer)")  # fmt: skip
    step.add_argument(
        "--index", type=options.index, default=0, metavar="N", help="which image of the data (default: 0)"
    )
    step.add_argument("--html", metavar="FILE", type=options.file, help="write a page for the browser instead")
    options.add_data(step)
    step.set_defaults(run=_step)


def _step(arguments: argparse.Namespace) -> int:
    import minigrad as mg
    from gaze_examples import run_folder
    from gaze_examples.data import DataError
    from gaze_examples.models import MODELS
    from gaze_examples.walk import synthetic_eyes, walk
    from minigrad.teach.trace.terminal import show

    if arguments.run_folder is not None:
        if arguments.model is not None:
            raise DataError("A run has its own network: leave out --model.")
        trained = run_folder.load_model(Path(arguments.run_folder), mg.device("cpu"))
        model, run = trained.model, trained.asked
    else:
        name = arguments.model or "two-layer"
        if name not in MODELS:
            raise DataError(f"There is no model {name!r}; the models are {', '.join(MODELS)}.")
        mg.manual_seed(arguments.seed or 0)
        model, run = MODELS[name].make(), None
    asked = options.asked_for(arguments, run)
    if asked["data"] == "synthetic":
        eyes, labels = synthetic_eyes(arguments.index, asked["seed"])
    else:
        data = options.load(asked)
        eyes, labels = data.split.train, data.labels["train"]
    trace = walk(model, eyes, labels, arguments.index)
    if arguments.html is not None:
        trace.to_html(arguments.html)
        print(f"Written to {arguments.html}: open it in a browser.")
    else:
        show(trace)
    return 0
