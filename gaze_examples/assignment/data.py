"""`Data`: the eye images of a folder, in batches, for training, validation and testing."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gaze_examples.data import DataError, GazeData, load

Batch = tuple[np.ndarray, np.ndarray]


class Data:
    """Batches of the data set in `dataset_directory`, a folder with `Image/` and `Label/` as in the course.

    In place of a folder it may be a `GazeData`, which is read and split already.

    batch_size: how many images a batch has at most. All batches of a part are of one size, give or take one: what is
        left over is spread, so that no small last batch pulls as hard as a full one.

    All pairs are split at random, 5 : 1 : 1, always in the same way, and mixed. Pairs of one person, and photographs
    taken a moment apart, are on both sides of that split, so its test accuracy says nothing about new people. Labels
    are the quadrants about the median gaze of the training part, unless the folder knows them.

    Every epoch brings the same batches in the same order, as in the course's logs, where the loss of batch 1, 51 or
    101 falls smoothly from epoch to epoch. Nothing is drawn from NumPy's global random state.

    The folder is read once a process (and goes through the cache of `gaze_examples.data`), however many Data are made.
    """

    def __init__(self, batch_size: int, dataset_directory: str | Path | GazeData) -> None:
        if batch_size < 1:
            raise ValueError(f"Data: batch_size must be at least 1, got {batch_size}.")
        self.batch_size = batch_size
        self.dataset_directory = (
            dataset_directory if isinstance(dataset_directory, GazeData) else Path(dataset_directory)
        )

    def load_train(self) -> Iterator[Batch]:
        """The training part: inputs (N, 36, 120) float64 in [0, 1], and labels (N,) int64 in 0..3, batch by batch.

        Raises DataError for a folder that is not there or cannot be read.
        """
        return self.load("train")

    def load_val(self) -> Iterator[Batch]:
        """The validation part, as `load_train`."""
        return self.load("val")

    def load_test(self) -> Iterator[Batch]:
        """The test part, as `load_train`."""
        return self.load("test")

    def load(self, part: str) -> Iterator[Batch]:
        """The part called `part`, as `load_train`; a GazeData may have "new" people, too."""
        # Not a generator itself: what is wrong with a folder should be said here, not at the first batch.
        place = self.dataset_directory
        data = place if isinstance(place, GazeData) else _read(place.resolve(), _state(place))
        images, labels = data.split.parts()[part].images, data.labels[part]
        count = -(-len(labels) // self.batch_size)
        bounds = np.arange(count + 1) * len(labels) // count
        # float64 is what the networks compute in; a batch is converted at a time, as the whole would be eight times
        # as large. Labels are copied, so that a caller who changes them does not change the data.
        return ((images[a:b] / 255.0, labels[a:b].copy()) for a, b in itertools.pairwise(bounds))


def _state(folder: Path) -> tuple:
    """What changes when a data set is replaced: its label files. Cheap enough to ask for every epoch."""
    if not folder.exists():
        raise DataError(
            f"Expected a data set in {folder}, but there is no such folder (seen from {Path.cwd()}); put one there, or "
            f"make a synthetic one with: gaze data --write {folder}"
        )
    stats = [(path.name, path.stat()) for path in sorted(folder.glob("Label/*.label"))]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


@functools.lru_cache(maxsize=2)
def _read(folder: Path, state: tuple) -> GazeData:
    return load(folder, hold_out=0, order="random", shares=(5, 1, 1), origin="median")
