"""What a task of the assignment is given, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import minigrad as mg
from gaze_examples import document, themes
from gaze_examples.data import GazeData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = "pictures"
BATCH = 256  # images, as in the notebook


@dataclass(frozen=True)
class Finding:
    """What came of a task.

    said: one line for the terminal. blocks: its part of the report. numbers: what other parts of the report need, as
    JSON can hold it: "checks", (right, all), and "networks", for each name its `Network` as a dict.
    """

    said: str
    blocks: list[document.Block]
    numbers: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Network:
    """A trained network: the losses of its batches, accuracies in per cent after each epoch, and its last scores."""

    parameters: int
    losses: list[float]
    train: list[float]  # empty where it was not measured
    val: list[float]
    scores: dict[str, float]  # accuracy on val, test and, where there are new people, new
    seconds: float


@dataclass(frozen=True)
class Lab:
    """What every task works with.

    found: the numbers of the tasks before it, by their keys. device: where networks of layers are trained. (The nets of
    part 1 calculate with NumPy.)
    """

    data: GazeData
    seed: int
    quick: bool
    folder: Path
    found: dict[str, dict[str, Any]]
    device: str = "cpu"

    def sow(self) -> None:
        """Begin both random streams anew: a task's numbers do not depend on which tasks ran before it."""
        np.random.seed(self.seed % 2**32)
        mg.manual_seed(self.seed)

    def epochs(self, notebook: int) -> int:
        """How many epochs to train where the notebook trains so many: with --quick a fifth, but two at least."""
        return max(2, round(notebook / 5)) if self.quick else notebook

    def picture(
        self, name: str, size: tuple[float, float], paint: Callable[[Figure, themes.Theme], None], caption: str
    ) -> document.Picture:
        """Draw a picture for light and dark pages."""
        light, dark = themes.draw(self.folder / PICTURES, name, size, paint)
        return document.Picture(f"{PICTURES}/{light}", f"{PICTURES}/{dark}", caption)


@dataclass(frozen=True)
class Task:
    """One task, or a few that belong together. key: a file name, and the place of its numbers in `Lab.found`."""

    key: str
    title: str
    work: Callable[[Lab], Finding]


def percent(value: float | None) -> str:
    """A number of per cent as text."""
    return "—" if value is None else f"{value:.1f} %"


def settings_table(*settings: tuple[str, Any, Any]) -> document.Table:
    """Hyper-parameters: (name, here, in the notebook)."""
    rows = [[name, str(here), str(there)] for name, here, there in settings]
    return document.Table(["hyper-parameter", "here", "notebook"], rows)
