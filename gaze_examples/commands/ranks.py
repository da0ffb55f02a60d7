"""`gaze train --data-parallel`: what the processes that mpiexec started do together."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gaze_examples.commands import options, printing


def train(begin: Callable[[], tuple], run_training: Callable[..., int]) -> int:
    """Train together with the other processes that mpiexec started.

    Rank 0 begins the run, prints and writes; the others are told which run it is, and calculate.
    begin: begins a run, and returns it, its data, and a note. run_training: trains, and writes what came of it.
    """
    from minigrad import distributed

    distributed.init_process_group()
    try:
        if distributed.get_rank() > 0:
            return _follow()
        begun: tuple = (None,)  # that there is nothing to wait for
        try:
            begun = begin()
        finally:
            distributed.broadcast_object_list([begun[0]])
        run, data, note = begun
        with _all_or_none():
            return run_training(run, data, note, parallel=True)
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def check_alone() -> None:
    """Raise if this is one of several processes, for a command that does not share its work with them."""
    from gaze_examples.data import DataError
    from minigrad import distributed

    place, count = distributed.started_as()
    if place > 0:
        sys.exit(2)  # the first says it
    if count > 1:
        raise DataError(
            f"{count} processes were started, and each would do the same. Only `gaze train --data-parallel` shares its "
            "work among them; for all else leave out mpiexec."
        )


def _follow() -> int:
    """What a rank after the first does in a training."""
    from gaze_examples import run_folder, runs
    from gaze_examples.data import DataError
    from minigrad import distributed

    told: list[Any] = [None]
    with _all_or_none():
        distributed.broadcast_object_list(told)
        (run,) = told
        if run is not None:
            warnings.simplefilter("ignore")  # rank 0 says it
            data = options.load({**options.DATA_OPTIONS, **run.asked})
            if data.split.train.source != run.data:
                raise DataError(f"The data here is not that of rank 0: {data.split.train.source}")
            try:
                runs.train(run.settings, data, checkpoint=run.checkpoint, parallel=True)
            except ValueError as error:
                raise run_folder.does_not_go_on(run, error) from None
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
                distributed.abort(printing.STOPPED, printing.OVER)
            if isinstance(error, OSError):
                distributed.abort(printing.sentence(error), 2)
            if isinstance(error, (DataError, RuntimeError)):
                distributed.abort(str(error), 2)
            print("".join(traceback.format_exception(error)), end="", file=sys.stderr)  # in one piece
            distributed.abort(f"{type(error).__name__}: {error}")
        raise
