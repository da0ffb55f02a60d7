"""The command `gaze evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gaze_examples.commands import options, printing


def add(commands: Any) -> None:
    """Register it, with its options."""
    evaluate = options.add_command(commands, "evaluate", "test a trained network")
    evaluate.add_argument("run_folder", metavar="RUN", help="a run folder, or its weights.safetensors")
    options.add_device(evaluate)
    options.add_data(evaluate, "without --data, the options are those of the run")
    evaluate.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    from gaze_examples import centring, run_folder, runs
    from gaze_examples.report import PARTS

    device = options.device(arguments.device)
    trained = run_folder.load_model(Path(arguments.run_folder), device)
    data = options.load(options.asked_for(arguments, trained.asked))
    print(data.describe())
    print(f"\nThe {trained.settings.model} network of {arguments.run_folder}:")
    if trained.data != data.split.train.source:
        print("It was trained on other data, so the name of a part does not tell what it has seen:")
        print(f"    {trained.data}")
    print()
    scores, centred = runs.evaluate(trained.model, data, device), centring.accuracies(trained.model, data, device)
    print(printing.score_table(scores, data))
    print(
        "\nCentred, that is with the middle of the answers for a person taken for the middle of the screen (no label is"
    )
    print(f"used): {', '.join(f'{PARTS[part][0]} {100 * accuracy:.1f} %' for part, accuracy in centred.items())}.")
    return 0
