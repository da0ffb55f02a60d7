"""The command `gaze train`."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaze_examples.commands import options, photos, printing, ranks

TRAINING_OPTIONS = ("epochs", "lr", "momentum", "weight_decay", "batch_size")
DEFAULT_MODEL = "cnn-bn"
DEFAULT_START = "default"  # the network that `gaze predict` has


def add(commands: Any) -> None:
    """Register it, with its options."""
    train = options.add_command(commands, "train", "train a network and leave a run folder with its report")
    train.add_argument("--model", help=f"two-layer, fc, cnn, cnn-bn or best (default: {DEFAULT_MODEL})")
    train.add_argument("--epochs", type=options.positive(int), help="passes over the training data")
    train.add_argument("--lr", type=options.positive(float), help="learning rate")
    train.add_argument("--momentum", type=options.at_least_0, help="momentum of SGD; 0 for plain SGD")
    train.add_argument("--weight-decay", type=options.at_least_0, help="L2 regularisation")
    train.add_argument("--batch-size", type=options.positive(int), help="images in a batch")
    train.add_argument("--start", metavar="RUN", type=options.name, help="start from the weights of a run, or with "
                       "`default` from those that predict has (default: fresh weights)")  # fmt: skip
    options.add_out(train, "MODEL", "the run folder")
    train.add_argument("--resume", metavar="RUN", type=options.name, help="go on with a run that was killed or stopped")
    train.add_argument("--data-parallel", action="store_true", help="share each batch among the processes that "
                       "mpiexec started, as in `mpiexec -n 4 gaze train --data-parallel`")  # fmt: skip
    options.add_device(train)
    options.add_data(train)
    train.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> int:
    import matplotlib.figure  # noqa: F401  for the report: that it is missing should be said before the training

    from gaze_examples import people

    if arguments.data_parallel:
        return ranks.train(lambda: _begun(arguments), _run_training)
    begun, *data = _begun(arguments)
    return _train_each(begun, *data) if isinstance(begun, people.People) else _run_training(begun, *data)


def _begun(arguments: argparse.Namespace) -> tuple:
    """The run that was asked for, its data, and what is to be said of it: a new one, or the one to resume."""
    from gaze_examples import people, run_folder, runs
    from gaze_examples.data import DataError
    from gaze_examples.data.protocols import LEAVE_ONE_OUT
    from gaze_examples.models import MODELS

    if arguments.resume is not None:
        return _resumed(arguments)
    name = arguments.model or DEFAULT_MODEL
    if name not in MODELS:
        raise DataError(f"There is no model {name!r}; the models are {', '.join(MODELS)}.")
    folder = options.out(arguments, name)
    run_folder.check_free(folder)
    options.device(arguments.device)
    start = _start(arguments.start, name)
    asked = options.asked_for(arguments)
    chosen = {field: getattr(arguments, field) for field in (*TRAINING_OPTIONS, "start")}
    settings = runs.settings_of(name, asked["seed"], arguments.device or "cpu", **chosen)
    if asked["protocol"] == LEAVE_ONE_OUT:
        _refuse_ranks(arguments)
        if start is not None:
            raise DataError("leave-one-person-out trains each network from fresh weights; leave out --start.")
        people.check(asked)
        reading = options.read(asked)
        return people.begin(folder, settings, asked, reading), reading
    data = options.load(asked)
    run = run_folder.start(folder, settings, asked, data, start)
    return run, data, "" if run.folder == folder else f"{folder} was taken meanwhile. "


def _refuse_ranks(arguments: argparse.Namespace) -> None:
    from gaze_examples.data import DataError

    if arguments.data_parallel:
        raise DataError("leave-one-person-out trains many networks, not one; leave out --data-parallel.")


def _start(start: str | None, name: str):
    """The network of --start, or None for fresh weights. Raises DataError where it is of another kind than `name`."""
    from gaze_examples.data import DataError
    from gaze_examples.models import MODELS

    if start is None:
        return None
    model = photos.network_of(None if start == DEFAULT_START else start).model
    kind = next(kind for kind, recipe in MODELS.items() if type(recipe.make()) is type(model))
    if kind != name:
        raise DataError(f"The network of --start {start} is {kind}, and not {name}: say --model {kind}.")
    return model


def _resumed(arguments: argparse.Namespace) -> tuple:
    """The run to go on with, that was killed, or stopped with Ctrl-C, and its data."""
    from gaze_examples import people, run_folder
    from gaze_examples.data import DataError

    options.nothing_given(arguments, ["model", "start", "out", *TRAINING_OPTIONS, *options.DATA_OPTIONS])
    folder = Path(arguments.resume)
    if (folder / people.PEOPLE).is_file():
        _refuse_ranks(arguments)
        each = _on(arguments.device, people.begun(folder))
        return each, options.read(each.asked)
    run = _on(arguments.device, run_folder.started(folder))
    data = options.load({**options.DATA_OPTIONS, **run.asked})
    if data.split.train.source != run.data:
        raise DataError(f"The run in {run.folder} was begun on other data: {run.data}")
    return run, data, ""


def _on(device: str | None, begun):
    """A run that is to go on, on another device if --device names one, which is known to work then."""
    from gaze_examples.data import DataError

    settings = replace(begun.settings, device=device or begun.settings.device)
    try:
        options.device(settings.device)
    except DataError as error:
        advice = "" if device else f" To go on without a GPU: gaze train --resume {begun.folder} --device cpu."
        raise DataError(f"{error}{advice}") from None
    return replace(begun, settings=settings)


def _train_each(each, reading) -> int:
    """A network for each person, tested on that person."""
    from tqdm import tqdm

    from gaze_examples import document, people

    print(f"{each.data}\n{each.settings.model}: {len(each.names)} people, each left out once\n", flush=True)
    try:
        people.train(
            each, reading,
            lambda name, epoch: tqdm.write(f"{name:8} {printing.epoch_line(epoch, each.settings.epochs)}"),
            lambda score: tqdm.write(f"{score.person:8} left out: {100 * score.accuracy:.1f} % right\n"),
        )  # fmt: skip
    except KeyboardInterrupt:
        print(f"\nStopped after {len(each.scores)} of {len(each.names)} people, who are kept. To go on: gaze train "
              f"--resume {each.folder}", flush=True)  # fmt: skip
        raise
    print(document.to_text(people.table(each)))
    print(f"\nA person it has never seen: {people.summary(each)}.\nOpen {each.folder / people.REPORT}.")
    return 0


def _run_training(run, data, note: str = "", parallel: bool = False) -> int:
    """Train, test, and write what came of it into the run's folder. parallel: the other ranks train, too."""
    import minigrad as mg
    from gaze_examples import run_folder, runs
    from gaze_examples.models import MODELS

    settings, recipe = run.settings, MODELS[run.settings.model]
    try:
        print(data.describe())
        epochs = f"{settings.epochs} epoch{'s' * (settings.epochs > 1)}"
        print(f"\n{recipe.title}: {epochs}, learning rate {settings.lr}, momentum {settings.momentum}")
        if parallel:
            print(f"Ranks: {mg.distributed.get_world_size()}, threads of each: {mg.get_num_threads()}")
        sys.stdout.flush()
        result = runs.train(
            settings, data, on_epoch=lambda epoch: print(printing.epoch_line(epoch, settings.epochs), flush=True),
            checkpoint=run.checkpoint, start=run.start, parallel=parallel,
        )  # fmt: skip
        if parallel:
            mg.distributed.destroy_process_group()  # the others are done
        if not result.history.epochs:
            raise KeyboardInterrupt
    except ValueError as error:
        raise run_folder.does_not_go_on(run, error) from None
    except BaseException:
        if not run.checkpoint.exists():
            run_folder.discard(run)
        raise
    if result.history.interrupted:
        print(f"Stopped: keeping the best weights so far. To go on: gaze train --resume {run.folder}")
    if not math.isfinite(result.history.epochs[-1].train_loss):
        print("The loss is no number any more: the steps were too large. Try a smaller --lr.")
    print()
    print(printing.score_table(result.scores, data))
    run_folder.finish(run, result, data)
    print(f"\n{note}The run is in {run.folder}; open {run.folder / run_folder.REPORT}.")
    return 0
