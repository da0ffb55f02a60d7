"""How a command is added, the options that several share, and what they ask for: data, and a device."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

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


def add_command(commands: Any, name: str, does: str) -> argparse.ArgumentParser:
    """A command; `does` is what `gaze --help` and its own help say of it."""
    return commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", help="cpu, cuda or, of several, cuda:N (default: cpu)")


def add_out(parser: argparse.ArgumentParser, stem: str, what: str = "the folder") -> None:
    parser.add_argument("--out", metavar="DIR", type=name, help=f"{what} (default: the next free runs/{stem}-N)")


def add_data(parser: argparse.ArgumentParser, without: str = "") -> None:
    """The options of DATA_OPTIONS; their default is None, so that what was given can be told from what was not."""
    group = parser.add_argument_group("data", without or None)
    group.add_argument("--data", metavar="SOURCE", type=name,
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


# -- what was asked for ------------------------------------------------------------------------------------------------


def out(arguments: argparse.Namespace, stem: str) -> Path:
    """The folder of --out, or the next free one in `runs/`."""
    from gaze_examples import run_folder

    return Path(arguments.out) if arguments.out is not None else run_folder.next_free(Path("runs"), stem)


def device(name: str | None):
    """The device that was asked for, known to work before anything is rendered or read."""
    import minigrad as mg
    from gaze_examples import runs
    from gaze_examples.data import DataError

    try:
        return mg.zeros(1, device=runs.work_on(name)).device
    except (ValueError, RuntimeError) as error:
        raise DataError(str(error)) from None


def asked_for(arguments: argparse.Namespace, run: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data options, and for those that were not given the run's; without a run, or with --data, the defaults."""
    otherwise = DATA_OPTIONS | (run if run and arguments.data is None else {})
    given = {name: getattr(arguments, name) for name in DATA_OPTIONS}
    return {name: otherwise[name] if value is None else value for name, value in given.items()}


def nothing_given(arguments: argparse.Namespace, names: Iterable[str]) -> None:
    """Raise if one of these options stands beside --resume."""
    from gaze_examples.data import DataError

    absent = (None, False)  # by identity, since 0 is given
    given = [name for name in names if not any(getattr(arguments, name) is value for value in absent)]
    if given:
        raise DataError(f"--resume takes all settings from the run; leave out "
                        f"{' and '.join('--' + name.replace('_', '-') for name in given)}.")  # fmt: skip


def read(asked: dict[str, Any]):
    from gaze_examples.data import read

    return read(asked["data"], size=asked["size"], seed=asked["seed"], workers=None)


def load(asked: dict[str, Any]):
    from gaze_examples.data import load, parse_origin

    return load(
        asked["data"], size=asked["size"], seed=asked["seed"], protocol=asked["protocol"], hold_out=asked["hold_out"],
        order=asked["split"], shares=asked["shares"], origin=parse_origin(asked["origin"]), workers=None,
    )  # fmt: skip


# -- words as values ---------------------------------------------------------------------------------------------------


def _number(kind: type, rule: str, fits: Callable[[Any], bool]):
    """A reader of numbers for argparse, which names it when a text is no number at all."""

    def read(text: str):
        value = kind(text)
        if not fits(value):
            raise argparse.ArgumentTypeError(f"must be {rule}, not {text}")
        return value

    read.__name__ = f"{kind.__name__} {rule}"
    return read


def positive(kind: type):
    return _number(kind, "greater than 0", lambda value: 0 < value < math.inf)


index = _number(int, "at least 0", lambda value: value >= 0)
at_least_0 = _number(float, "at least 0", lambda value: 0 <= value < math.inf)
_seed = _number(int, "at least 0 and below 2**64", lambda value: 0 <= value < 2**64)


def _shares(text: str) -> tuple[float, ...]:
    return tuple(float(share) for share in text.split(","))


def _people(text: str) -> int | list[str]:
    try:
        return int(text)
    except ValueError:
        return text.split(",")


_shares.__name__ = "TRAIN,VAL,TEST"


def name(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("expected a name, not nothing")
    return text


def file(text: str) -> str:
    """A file that can be written, which is asked before minutes are spent on what is to be in it."""
    path = Path(name(text))
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file, and {text} is a folder")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    return text
