"""The command `gaze`: train, evaluate, data. Every mistake is one sentence on stderr and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

OVER = 130  # the shell's exit code for a program that was ended by Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    try:
        arguments = _parser().parse_args(argv)
        from gaze_examples.data import DataError
    except ImportError as error:
        return _say(f"gaze needs {error.name}: install it with pip install 'minigrad[gaze]'.")
    try:
        return arguments.run(arguments)
    except (DataError, RuntimeError) as error:
        return _say(str(error))
    except ImportError as error:
        return _say(f"This needs the package {error.name}: install it with pip install 'minigrad[gaze]'.")
    except KeyboardInterrupt:
        print("\nStopped. Nothing was written.", file=sys.stderr)
        return OVER


def _say(sentence: str) -> int:
    print(f"gaze: {sentence}", file=sys.stderr)
    return 2


# -- the commands ------------------------------------------------------------------------------------------------------


def _train(arguments: argparse.Namespace) -> int:
    from gaze_examples import runs
    from gaze_examples.data import DataError
    from gaze_examples.models import MODELS

    if arguments.model not in MODELS:
        raise DataError(f"There is no model {arguments.model!r}; the models are {' and '.join(MODELS)}.")
    folder = Path(arguments.out) if arguments.out else runs.next_free(Path("runs"), arguments.model)
    runs.check_free(folder)
    _device(arguments)
    recipe = MODELS[arguments.model]
    asked = {
        name: getattr(recipe, name) if getattr(arguments, name) is None else getattr(arguments, name)
        for name in ("epochs", "lr", "momentum", "weight_decay", "batch_size")
    }
    settings = runs.Settings(model=arguments.model, seed=arguments.seed, device=arguments.device, **asked)
    data = _load(arguments)
    print(data.describe())
    print(f"\n{recipe.title}: {settings.epochs} epochs, learning rate {settings.lr}, momentum {settings.momentum}")
    result = runs.train(settings, data, on_epoch=lambda epoch: print(_epoch_line(epoch, settings.epochs), flush=True))
    if result.history.interrupted:
        if not result.history.epochs:
            raise KeyboardInterrupt
        print("Stopped: keeping the best weights so far.")
    print()
    print(_score_table(result.scores, data))
    runs.save(result, data, folder)
    print(f"\nThe run is in {folder}; open {folder / runs.REPORT}.")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from gaze_examples import runs

    device = _device(arguments)
    model, settings = runs.load_model(Path(arguments.run_folder), device)
    data = _load(arguments)
    print(data.describe())
    print(f"\nThe {settings.model} network of {arguments.run_folder}:\n")
    print(_score_table(runs.evaluate(model, data, device), data))
    return 0


def _data(arguments: argparse.Namespace) -> int:
    data = _load(arguments)
    print(data.describe())
    for skipped in data.skipped:
        print(f"skipped {skipped.path}: {skipped.why}")
    if arguments.sheet:
        from gaze_examples.data.contact_sheet import contact_sheet

        contact_sheet(data.split.train, data.labels["train"], arguments.sheet, seed=arguments.seed)
        print(f"\nThe contact sheet is {arguments.sheet}.")
    if arguments.write:
        _export(arguments)
    return 0


def _export(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from gaze_examples.data import gazehub, read

    eyes = read(arguments.data, size=arguments.size, seed=arguments.seed).eyes
    with tqdm(total=len(eyes), desc="writing", unit=" pairs", disable=None) as bar:
        gazehub.write(eyes, Path(arguments.write), progress=bar.update)
    print(f"\n{len(eyes):,} pairs are in {arguments.write}, in the layout Image/ and Label/.")


def _device(arguments: argparse.Namespace):
    """The device that was asked for, known to work before anything is rendered or read."""
    import minigrad as mg
    from gaze_examples.data import DataError

    try:
        return mg.zeros(1, device=arguments.device).device
    except (ValueError, RuntimeError) as error:
        raise DataError(str(error)) from None


def _load(arguments: argparse.Namespace):
    from gaze_examples.data import load, parse_origin

    return load(
        arguments.data, size=arguments.size, seed=arguments.seed, hold_out=arguments.hold_out, order=arguments.split,
        shares=arguments.shares, origin=parse_origin(arguments.origin), workers=None,
    )  # fmt: skip


# -- what they print ---------------------------------------------------------------------------------------------------


def _epoch_line(epoch, epochs: int) -> str:
    return (
        f"epoch {epoch.epoch:3d}/{epochs}   loss {epoch.train_loss:.4f}   "
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
    train.add_argument("--model", default="fc", help="two-layer or fc (default: %(default)s)")
    train.add_argument("--epochs", type=_positive(int), help="passes over the training data")
    train.add_argument("--lr", type=_positive(float), help="learning rate")
    train.add_argument("--momentum", type=_at_least_0, help="momentum of SGD; 0 for plain SGD")
    train.add_argument("--weight-decay", type=_at_least_0, help="L2 regularisation")
    train.add_argument("--batch-size", type=_positive(int), help="images in a batch")
    train.add_argument("--out", metavar="DIR", help="the run folder (default: the next free runs/MODEL-N)")
    _add_device(train)
    _add_data(train)
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="test a trained network")
    evaluate.add_argument("run_folder", metavar="RUN", help="a run folder, or its weights.safetensors")
    _add_device(evaluate)
    _add_data(evaluate)
    evaluate.set_defaults(run=_evaluate)

    data = commands.add_parser("data", help="say what the data is, show it, or write it in the course's layout")
    data.add_argument("--sheet", metavar="PNG", help="draw a contact sheet")
    data.add_argument("--write", metavar="DIR", help="export to DIR/Image and DIR/Label")
    _add_data(data)
    data.set_defaults(run=_data)
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")


def _add_data(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("data")
    group.add_argument("--data", default="synthetic", metavar="SOURCE",
                       help="synthetic, or a folder with Image/ and Label/ (default: %(default)s)")  # fmt: skip
    group.add_argument("--size", default="small", help="of the synthetic set: small or full (default: %(default)s)")
    group.add_argument("--seed", type=_seed, default=0, help="of everything random (default: %(default)s)")
    group.add_argument("--split", default="random",
                       help="random, or in-order for sequences of photographs (default: %(default)s)")  # fmt: skip
    group.add_argument("--shares", type=_shares, default=(5, 1, 1), metavar="TRAIN,VAL,TEST",
                       help="sizes of the parts, as ratios or numbers (default: 5,1,1)")  # fmt: skip
    group.add_argument("--hold-out", type=int, metavar="N", help="people kept as new people (default: a fifth)")
    group.add_argument(
        "--origin", default="median", help="where the quadrants meet: median, zero or YAW,PITCH in degrees"
    )


def _positive(kind: type):
    def read(text: str):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"must be greater than 0, not {text}")
        return value

    read.__name__ = f"{kind.__name__} greater than 0"
    return read


def _at_least_0(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, not {text}")
    return value


def _seed(text: str) -> int:
    return int(_at_least_0(text))


def _shares(text: str) -> tuple[float, ...]:
    return tuple(float(share) for share in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
