"""Gaze data: every format becomes one `EyeSet`, every use starts with `load`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gaze_examples.data.eyes import DataError, EyeSet, Reading, Skipped
from gaze_examples.data.gaze_data import GazeData, label
from gaze_examples.data.protocols import check_protocol, held_out
from gaze_examples.data.quadrants import Origin, parse_origin
from gaze_examples.data.sources import format_of, read
from gaze_examples.data.splits import HoldOut, Split, check_settings, split

__all__ = [
    "DataError",
    "EyeSet",
    "GazeData",
    "HoldOut",
    "Origin",
    "Reading",
    "Skipped",
    "Split",
    "divide",
    "format_of",
    "load",
    "read",
]


def load(
    source: str | Path = "synthetic",
    *,
    size: str = "small",
    seed: int = 0,
    protocol: str | None = None,
    hold_out: HoldOut = None,
    order: str = "random",
    shares: Sequence[float] = (5, 1, 1),
    origin: Origin = "median",
    progress: bool = True,
    workers: int | None = 1,
) -> GazeData:
    """Eyes to train and test on: read or rendered (and cached), split, labelled.

    source: "synthetic", or the folder of a data set, in one of the formats that `datasets/README.md` tells of.
    size: of the synthetic set, "small" (12,000 to train, of 12 people), "full" (45,000) or "crowd" (12,000, of
        1,200 people). seed: of its eyes, and of a random split.
    protocol: "random" or "new-people", see `protocols.py`. hold_out, order, shares: see `splits.split`. Sequences of
        photographs should be split "in-order".
    origin: where the quadrants meet: "median" of the training part, "zero", or (yaw, pitch) in degrees.
    progress: show a bar on stderr, if that is a terminal.
    workers: processes that render; None, one a core, is for scripts with an `if __name__ == "__main__":`.

    Warns where the quadrants are far from balanced.
    Raises DataError, in one sentence, for a source that cannot be read and for settings that make no sense.
    """
    check_settings(order, shares)  # before minutes are spent on reading
    check_protocol(protocol, hold_out, order)
    if isinstance(origin, str):
        origin = parse_origin(origin)
    reading = read(source, size=size, seed=seed, progress=progress, workers=workers)
    new = held_out(protocol, hold_out, reading.eyes)
    data = divide(reading, hold_out=new, order=order, shares=shares, seed=seed, origin=origin)
    data.check_classes()
    return data


def divide(
    reading: Reading, *, hold_out: HoldOut, order: str, shares: Sequence[float], seed: int, origin: Origin
) -> GazeData:
    """What was read, split and labelled; the arguments are those of `load`."""
    eyes, skipped = reading
    if eyes.quadrant is not None and origin != "median":
        raise DataError(
            "These eyes come with the quadrant of the screen they look at, so an origin of "
            f"{origin} would not be used; leave the origin out."
        )
    return label(split(eyes, hold_out=hold_out, order=order, shares=shares, seed=seed), origin, skipped)
