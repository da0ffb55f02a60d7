"""The command `gaze`: one function a command here. Every mistake is one sentence on stderr and exit code 2."""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from gaze_examples import photo_commands

DATA_OPTIONS: dict[str, Any] = {
    "data": "synthetic",
    "size": "small",
    "seed": 0,
    "protocol": None,  # new-people, if there are several
    "split": "random",
    "shares": (5, 1, 1),
    "hold_out": None,  # a fifth
    "origin": "median",
}
TRAINING_OPTIONS = ("epochs", "lr", "momentum", "weight_decay", "batch_size")
DEFAULT_MODEL = "cnn-bn"
DEFAULT_START = "default"  # the network that `gaze predict` has
STOPPED = "Stopped. Nothing is half-written."
OVER = 130  # the shell's exit code for a program that was ended by Ctrl-C


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
        _say(str(stop) or STOPPED)
        return OVER
    except BrokenPipeError:
        _print_the_rest()
        return _say("Stopped, since nobody reads what it prints any more.")
    except OSError as error:
        _print_the_rest()
        return _say(_sentence(error))


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
        from gaze_examples.data import DataError
    except ImportError as error:
        return _say(f"gaze needs {error.name}: install it with pip install 'minigrad[gaze]'.")
    try:
        return arguments.run(arguments)
    except (DataError, RuntimeError) as error:
        return _say(str(error))
    except ImportError as error:
        extra = "mpi" if error.name == "mpi4py" else "gaze"
        return _say(f"This needs the package {error.name}: install it with pip install 'minigrad[{extra}]'.")


def _joined(words: Sequence[str]) -> list[str]:
    """`--origin -1,-9` as one word: argparse would take what begins with a minus for another option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--origin" and word[:1] == "-" and word[1:2].isdigit():
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _say(sentence: str) -> int:
    with suppress(OSError):  # nobody may be listening
        print(f"gaze: {'; '.join(line.strip() for line in sentence.splitlines())}", file=sys.stderr)
    return 2


def _sentence(error: OSError) -> str:
    where = "" if error.filename is None else f" ({error.filename})"
    return f"{error.strerror or error}{where}."


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    _say(str(message))


def _print_the_rest() -> None:
    """Print what waits; where that fails, let it go, so that Python does not try again, and complain, when it ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# -- the commands ------------------------------------------------------------------------------------------------------


def _train(arguments: argparse.Namespace) -> int:
    import matplotlib.figure  # noqa: F401  for the report: that it is missing should be said before the training

    from gaze_examples import people

    if arguments.data_parallel:
        return _train_on_ranks(arguments)
    begun, *data = _begun(arguments)
    return _train_each(begun, *data) if isinstance(begun, people.People) else _run_training(begun, *data)


def _train_on_ranks(arguments: argparse.Namespace) -> int:
    """Train together with the other processes that mpiexec started.

    Rank 0 begins the run, prints and writes; the others are told which run it is, and calculate.
    """
    from minigrad import distributed

    distributed.init_process_group()
    try:
        if distributed.get_rank() > 0:
            return _follow()
        begun: tuple = (None,)  # that there is nothing to wait for
        try:
            begun = _begun(arguments)
        finally:
            distributed.broadcast_object_list([begun[0]])
        run, data, note = begun
        with _all_or_none():
            return _run_training(run, data, note, parallel=True)
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _follow() -> int:
    """What a rank after the first does in a training."""
    from gaze_examples import runs
    from gaze_examples.data import DataError
    from minigrad import distributed

    told: list[Any] = [None]
    with _all_or_none():
        distributed.broadcast_object_list(told)
        (run,) = told
        if run is not None:
            warnings.simplefilter("ignore")  # rank 0 says it
            data = _load({**DATA_OPTIONS, **run.asked})
            if data.split.train.source != run.data:
                raise DataError(f"The data here is not that of rank 0: {data.split.train.source}")
            try:
                runs.train(run.settings, data, checkpoint=run.checkpoint, parallel=True)
            except ValueError as error:
                raise _does_not_go_on(run, error) from None
    return 0


@contextmanager
def _all_or_none() -> Iterator[None]:
    """What goes wrong in here, on one rank, ends them all: the others may wait for it. It is said as `main` says it."""
    from gaze_examples.data import DataError
    from minigrad import distributed

    try:
        yield
    except BaseException as error:
        if distributed.is_initialized() and distributed.get_world_size() > 1:
            if isinstance(error, KeyboardInterrupt):
                distributed.abort(STOPPED, OVER)
            if isinstance(error, OSError):
                distributed.abort(_sentence(error), 2)
            if isinstance(error, (DataError, RuntimeError)):
                distributed.abort(str(error), 2)
            traceback.print_exception(error)
            distributed.abort(f"{type(error).__name__}: {error}")
        raise


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
    folder = Path(arguments.out) if arguments.out is not None else run_folder.next_free(Path("runs"), name)
    run_folder.check_free(folder)
    _device(arguments)
    start = _start(arguments.start, name)
    asked = _asked(arguments)
    chosen = {field: getattr(arguments, field) for field in (*TRAINING_OPTIONS, "start")}
    settings = runs.settings_of(name, asked["seed"], arguments.device or "cpu", **chosen)
    if asked["protocol"] == LEAVE_ONE_OUT:
        _refuse_ranks(arguments)
        if start is not None:
            raise DataError("leave-one-person-out trains each network from fresh weights; leave out --start.")
        people.check(asked)
        reading = _read(asked)
        return people.begin(folder, settings, asked, reading), reading
    data = _load(asked)
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
    model = photo_commands.network_of(None if start == DEFAULT_START else start, _epoch_line).model
    kind = next(kind for kind, recipe in MODELS.items() if type(recipe.make()) is type(model))
    if kind != name:
        raise DataError(f"The network of --start {start} is {kind}, and not {name}: say --model {kind}.")
    return model


def _resumed(arguments: argparse.Namespace) -> tuple:
    """The run to go on with, that was killed, or stopped with Ctrl-C, and its data."""
    from gaze_examples import people, run_folder
    from gaze_examples.data import DataError

    _nothing_given(arguments, ["model", "start", "out", "device", *TRAINING_OPTIONS, *DATA_OPTIONS])
    folder = Path(arguments.resume)
    if (folder / people.PEOPLE).is_file():
        _refuse_ranks(arguments)
        each = people.begun(folder)
        return each, _read(each.asked)
    run = run_folder.started(folder)
    data = _load({**DATA_OPTIONS, **run.asked})
    if data.split.train.source != run.data:
        raise DataError(f"The run in {run.folder} was begun on other data: {run.data}")
    return run, data, ""


def _train_each(each, reading) -> int:
    """A network for each person, tested on that person."""
    from tqdm import tqdm

    from gaze_examples import document, people

    print(f"{each.data}\n{each.settings.model}: {len(each.names)} people, each left out once\n", flush=True)
    try:
        people.train(
            each, reading, lambda name, epoch: tqdm.write(f"{name:8} {_epoch_line(epoch, each.settings.epochs)}"),
            lambda score: tqdm.write(f"{score.person:8} left out: {100 * score.accuracy:.1f} % right\n"),
        )  # fmt: skip
    except KeyboardInterrupt:
        print(f"\nStopped after {len(each.scores)} of {len(each.names)} people, who are kept. To go on: gaze train "
              f"--resume {each.folder}", flush=True)  # fmt: skip
        raise
    print(document.to_text(people.table(each)))
    print(f"\nA person it has never seen: {people.summary(each)}.\nOpen {each.folder / people.REPORT}.")
    return 0


def _nothing_given(arguments: argparse.Namespace, names: Iterable[str]) -> None:
    """Raise if one of these options stands beside --resume."""
    from gaze_examples.data import DataError

    absent = (None, False)  # by identity, since 0 is given
    given = [name for name in names if not any(getattr(arguments, name) is value for value in absent)]
    if given:
        raise DataError(f"--resume takes all settings from the run; leave out "
                        f"{' and '.join('--' + name.replace('_', '-') for name in given)}.")  # fmt: skip


def _run_training(run, data, note: str = "", parallel: bool = False) -> int:
    """Train, test, and write what came of it into the run's folder. parallel: the other ranks train, too."""
    import minigrad as mg
    from gaze_examples import run_folder, runs
    from gaze_examples.models import MODELS

    settings, recipe = run.settings, MODELS[run.settings.model]
    try:
        print(data.describe())
        print(f"\n{recipe.title}: {settings.epochs} epochs, learning rate {settings.lr}, momentum {settings.momentum}")
        if parallel:
            print(f"Ranks: {mg.distributed.get_world_size()}, threads of each: {mg.get_num_threads()}")
        sys.stdout.flush()
        result = runs.train(
            settings, data, on_epoch=lambda epoch: print(_epoch_line(epoch, settings.epochs), flush=True),
            checkpoint=run.checkpoint, start=run.start, parallel=parallel,
        )  # fmt: skip
        if parallel:
            mg.distributed.destroy_process_group()  # the others are done
        if not result.history.epochs:
            raise KeyboardInterrupt
    except ValueError as error:
        raise _does_not_go_on(run, error) from None
    except BaseException:
        if not run.checkpoint.exists():
            run_folder.discard(run)
        raise
    if result.history.interrupted:
        print(f"Stopped: keeping the best weights so far. To go on: gaze train --resume {run.folder}")
    if not math.isfinite(result.history.epochs[-1].train_loss):
        print("The loss is no number any more: the steps were too large. Try a smaller --lr.")
    print()
    print(_score_table(result.scores, data))
    run_folder.finish(run, result, data)
    print(f"\n{note}The run is in {run.folder}; open {run.folder / run_folder.REPORT}.")
    return 0


def _does_not_go_on(run, error: ValueError) -> Exception:
    """Of a run whose checkpoint is another's, or damaged."""
    from gaze_examples.data import DataError

    return DataError(f"{error} To begin anew, remove {run.folder}.")


def _compare(arguments: argparse.Namespace) -> int:
    from gaze_examples import compare, run_folder
    from gaze_examples.data import DataError

    folder = Path(arguments.out) if arguments.out is not None else run_folder.next_free(Path("runs"), "compare")
    run_folder.check_free(folder)
    _device(arguments)
    asked = _asked(arguments)
    data = _load(asked)
    print(data.describe(), end="\n\n")
    results = compare.compare(
        data, asked["seed"], arguments.device or "cpu", arguments.epochs,
        on_epoch=lambda name, epoch: print(f"{name:10} {_epoch_line(epoch)}", flush=True),
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


def _reproduce(arguments: argparse.Namespace) -> int:
    import matplotlib.figure  # noqa: F401  that it is missing should be said before the training

    from gaze_examples import run_folder
    from gaze_examples.reproduce import command

    if arguments.resume is not None:
        _nothing_given(arguments, ["quick", "out", *DATA_OPTIONS])
        return command.resume(Path(arguments.resume), lambda asked: _load({**DATA_OPTIONS, **asked}))
    folder = Path(arguments.out) if arguments.out is not None else run_folder.next_free(Path("runs"), "reproduce")
    asked = _asked(arguments)
    return command.begin(folder, arguments.quick, asked, lambda: _load(asked))


def _evaluate(arguments: argparse.Namespace) -> int:
    from gaze_examples import centring, run_folder, runs
    from gaze_examples.report import PARTS

    device = _device(arguments)
    trained = run_folder.load_model(Path(arguments.run_folder), device)
    data = _load(_asked(arguments, trained.asked))
    print(data.describe())
    print(f"\nThe {trained.settings.model} network of {arguments.run_folder}:")
    if trained.data != data.split.train.source:
        print("It was trained on other data, so the name of a part does not tell what it has seen:")
        print(f"    {trained.data}")
    print()
    scores, centred = runs.evaluate(trained.model, data, device), centring.accuracies(trained.model, data, device)
    print(_score_table(scores, data))
    print(
        "\nCentred, that is with the middle of the answers for a person taken for the middle of the screen (no label is"
    )
    print(f"used): {', '.join(f'{PARTS[part][0]} {100 * accuracy:.1f} %' for part, accuracy in centred.items())}.")
    return 0


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
    asked = _asked(arguments, run)
    if asked["data"] == "synthetic":
        eyes, labels = synthetic_eyes(arguments.index, asked["seed"])
    else:
        data = _load(asked)
        eyes, labels = data.split.train, data.labels["train"]
    trace = walk(model, eyes, labels, arguments.index)
    if arguments.html is not None:
        trace.to_html(arguments.html)
        print(f"Written to {arguments.html}: open it in a browser.")
    else:
        show(trace)
    return 0


def _data(arguments: argparse.Namespace) -> int:
    from gaze_examples.data import DataError, format_of

    if arguments.path is not None:
        if arguments.data is not None:
            raise DataError(f"Give the folder once: {arguments.path}, or --data {arguments.data}.")
        arguments.data = arguments.path
    asked = _asked(arguments)
    if asked["data"] != "synthetic":
        print(f"{asked['data']} is {format_of(asked['data'])}.")
    data = _load(asked)
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

    eyes = _read(asked).eyes
    with tqdm(total=len(eyes), desc="writing", unit=" pairs", disable=None) as bar:
        gazehub.write(eyes, folder, progress=bar.update)
    print(f"\n{len(eyes):,} pairs are in {folder}, in the layout Image/ and Label/.")


def _device(arguments: argparse.Namespace):
    """The device that was asked for, known to work before anything is rendered or read."""
    import minigrad as mg
    from gaze_examples.data import DataError

    try:
        return mg.zeros(1, device=arguments.device or "cpu").device
    except (ValueError, RuntimeError) as error:
        raise DataError(str(error)) from None


def _asked(arguments: argparse.Namespace, run: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data options, and for those that were not given the run's; without a run, or with --data, the defaults."""
    otherwise = DATA_OPTIONS | (run if run and arguments.data is None else {})
    given = {name: getattr(arguments, name) for name in DATA_OPTIONS}
    return {name: otherwise[name] if value is None else value for name, value in given.items()}


def _read(asked: dict[str, Any]):
    from gaze_examples.data import read

    return read(asked["data"], size=asked["size"], seed=asked["seed"], workers=None)


def _load(asked: dict[str, Any]):
    from gaze_examples.data import load, parse_origin

    return load(
        asked["data"], size=asked["size"], seed=asked["seed"], protocol=asked["protocol"], hold_out=asked["hold_out"],
        order=asked["split"], shares=asked["shares"], origin=parse_origin(asked["origin"]), workers=None,
    )  # fmt: skip


# -- what they print ---------------------------------------------------------------------------------------------------


def _epoch_line(epoch, epochs: int | None = None) -> str:
    return (
        f"epoch {epoch.epoch:3d}{f'/{epochs}' if epochs else ''}   loss {epoch.train_loss:.4f}   "
        f"train {100 * epoch.train_accuracy:5.1f} %   val {100 * epoch.val_accuracy:5.1f} %   {epoch.seconds:.1f} s"
    )


def _score_table(scores: dict, data) -> str:
    from gaze_examples.report import PARTS

    lines = [f"{'':20}{'images':>8}{'accuracy':>11}{'oracle':>10}"]
    for part, score in scores.items():
        oracle = data.oracle_accuracy(part)
        ceiling = "—" if oracle is None else f"{100 * oracle:.1f} %"
        lines.append(f"{PARTS[part][0]:20}{len(score.labels):8,}{100 * score.accuracy:9.1f} %{ceiling:>10}")
    return "\n".join(lines)


# -- arguments ---------------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gaze", description="Which quarter of the screen do these two eyes look at?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a network and leave a run folder with its report")
    train.add_argument("--model", help=f"two-layer, fc, cnn, cnn-bn or best (default: {DEFAULT_MODEL})")
    train.add_argument("--epochs", type=_positive(int), help="passes over the training data")
    train.add_argument("--lr", type=_positive(float), help="learning rate")
    train.add_argument("--momentum", type=_at_least_0, help="momentum of SGD; 0 for plain SGD")
    train.add_argument("--weight-decay", type=_at_least_0, help="L2 regularisation")
    train.add_argument("--batch-size", type=_positive(int), help="images in a batch")
    train.add_argument("--start", metavar="RUN", type=_name, help="start from the weights of a run, or with `default` "
                       "from those that predict has (default: fresh weights)")  # fmt: skip
    train.add_argument("--out", metavar="DIR", type=_name, help="the run folder (default: the next free runs/MODEL-N)")
    train.add_argument("--resume", metavar="RUN", type=_name, help="go on with a run that was killed or stopped")
    train.add_argument("--data-parallel", action="store_true", help="share each batch among the processes that "
                       "mpiexec started, as in `mpiexec -n 4 gaze train --data-parallel`")  # fmt: skip
    _add_device(train)
    _add_data(train)
    train.set_defaults(run=_train)

    compare = commands.add_parser("compare", help="train all networks on one split and set them side by side")
    compare.add_argument("--epochs", type=_positive(int), help="passes over the training data (default: each its own)")
    compare.add_argument("--out", metavar="DIR", type=_name, help="the folder (default: the next free runs/compare-N)")
    _add_device(compare)
    _add_data(compare)
    compare.set_defaults(run=_compare)

    reproduce = commands.add_parser("reproduce", help="do the course's assignment from end to end, in one report")
    reproduce.add_argument("--quick", action="store_true", help="fewer epochs: about a minute on the small set")
    reproduce.add_argument("--out", metavar="DIR", type=_name, help="the folder (default: the next free "
                           "runs/reproduce-N)")  # fmt: skip
    reproduce.add_argument("--resume", metavar="DIR", type=_name, help="go on with a reproduction that was stopped")
    _add_data(reproduce)
    reproduce.set_defaults(run=_reproduce)

    evaluate = commands.add_parser("evaluate", help="test a trained network")
    evaluate.add_argument("run_folder", metavar="RUN", help="a run folder, or its weights.safetensors")
    _add_device(evaluate)
    _add_data(evaluate, "without --data, the options are those of the run")
    evaluate.set_defaults(run=_evaluate)

    photo_commands.add_predict(commands, _epoch_line)
    explain = photo_commands.add_explain(commands, lambda arguments, run: _load(_asked(arguments, run)), _epoch_line)
    _add_data(explain, "for an INDEX and for --mistakes; without --data, the options are those of the run")

    step = commands.add_parser("step", help="walk through the backward pass of one image, step by step")
    step.add_argument(
        "run_folder", metavar="RUN", nargs="?", help="a run folder (default: a network with fresh weights)"
    )
    step.add_argument("--model", help="which network, with fresh weights: two-layer, fc, cnn, cnn-bn or best "
                      "(default: two-layer)")  # fmt: skip
    step.add_argument("--index", type=_index, default=0, metavar="N", help="which image of the data (default: 0)")
    step.add_argument("--html", metavar="FILE", type=_name, help="write a page for the browser instead")
    _add_data(step)
    step.set_defaults(run=_step)

    data = commands.add_parser("data", help="say what the data is, show it, or write it in the course's layout")
    data.add_argument("path", metavar="PATH", nargs="?", type=_name, help="the same as --data PATH")
    data.add_argument("--sheet", metavar="PNG", type=_name, help="draw a contact sheet")
    data.add_argument("--write", metavar="DIR", type=_name, help="export to DIR/Image and DIR/Label")
    _add_data(data)
    data.set_defaults(run=_data)
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help="cpu or cuda (default: cpu)")


def _add_data(parser: argparse.ArgumentParser, without: str = "") -> None:
    """The options of DATA_OPTIONS; their default is None, so that what was given can be told from what was not."""
    group = parser.add_argument_group("data", without or None)
    group.add_argument("--data", metavar="SOURCE", type=_name,
                       help="synthetic, or the folder of a gaze data set (default: synthetic)")  # fmt: skip
    group.add_argument("--size", help="of the synthetic set: small, full or, of 1,200 people, crowd (default: small)")
    group.add_argument("--seed", type=_seed, help="of everything random (default: 0)")
    group.add_argument("--split", help="random, or in-order for sequences of photographs (default: random)")
    group.add_argument("--shares", type=_shares, metavar="TRAIN,VAL,TEST",
                       help="sizes of the parts, as ratios or numbers (default: 5,1,1)")  # fmt: skip
    group.add_argument("--protocol", help="random (nobody is new), new-people (some are held out) or, to train alone, "
                       "leave-one-person-out (a network for each person); default: new-people")  # fmt: skip
    group.add_argument("--hold-out", type=_people, metavar="N|NAMES",
                       help="new people: how many, or which, such as p03,p07 (default: a fifth)")  # fmt: skip
    group.add_argument("--origin", help="where the quadrants meet: median, zero or YAW,PITCH in degrees, as 0,-9.5 "
                       "(default: median)")  # fmt: skip


def _number(kind: type, rule: str, fits: Callable[[Any], bool]):
    """A reader of numbers for argparse, which names it when a text is no number at all."""

    def read(text: str):
        value = kind(text)
        if not fits(value):
            raise argparse.ArgumentTypeError(f"must be {rule}, not {text}")
        return value

    read.__name__ = f"{kind.__name__} {rule}"
    return read


def _positive(kind: type):
    return _number(kind, "greater than 0", lambda value: 0 < value < math.inf)


_index = _number(int, "at least 0", lambda value: value >= 0)
_at_least_0 = _number(float, "at least 0", lambda value: 0 <= value < math.inf)
_seed = _number(int, "at least 0 and below 2**64", lambda value: 0 <= value < 2**64)


def _shares(text: str) -> tuple[float, ...]:
    return tuple(float(share) for share in text.split(","))


def _people(text: str) -> int | list[str]:
    try:
        return int(text)
    except ValueError:
        return text.split(",")


_shares.__name__ = "TRAIN,VAL,TEST"


def _name(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("expected a name, not nothing")
    return text


if __name__ == "__main__":
    sys.exit(main())
