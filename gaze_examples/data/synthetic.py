"""The embedded data set: rendered eye pairs of people who do not exist, as hard to read as real ones.

`render` needs no download and no registration, and the same arguments give the same images. `synthetic_people` says
who sits where and looks at what, `eye_renderer` paints it. Accuracy on these images says nothing about real eyes: quote
it as synthetic, and beside the oracle's.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context

import cv2
import numpy as np

from gaze_examples.data.eye_renderer import EyePainter
from gaze_examples.data.eyes import EyeSet
from gaze_examples.data.synthetic_people import random_stream, sample_frames, sample_person, sample_session

SESSIONS = (8, 40)  # a person has at least and at most
BATCH = 32  # frames painted at once: a layer of 32 x 36 x 60 floats, 276 kB, stays in the processor's cache


def render(
    people: Sequence[int],
    per_person: int,
    seed: int = 0,
    *,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> EyeSet:
    """`per_person` eye pairs of each of `people`, rendered from `seed`.

    people: their numbers; 0 to 14 are the default population, and there is no end to the numbers. Person k of a seed
        is always the same person in the same frames, whoever else is asked for.
    workers: processes; one for each core if None. The images do not depend on it. A script that renders with more
        than one has to do so under `if __name__ == "__main__":`, as always with Python's processes.
    progress: called after each person with the number of pairs that are done.

    The pairs come person by person, and session by session within a person.
    """
    if len(people) == 0 or len(set(people)) < len(people) or min(people) < 0:
        raise ValueError(f"render: people expects different numbers from 0 up, at least one; got {list(people)}.")
    if per_person < 1:
        raise ValueError(f"render: per_person expects at least 1, got {per_person}.")
    columns = []
    with closing(_in_order(_render_person, [(seed, k, per_person) for k in people], workers)) as rendered:
        for person in rendered:
            columns.append(person)
            if progress:
                progress(per_person * len(columns))
    digits = max(2, len(str(max(people))))
    images, gaze, quadrant, oracle = (np.concatenate(column) for column in zip(*columns, strict=True))
    return EyeSet(
        images=images,
        gaze=gaze.astype(np.float32),
        person=np.repeat(np.arange(len(people), dtype=np.int16), per_person),
        people=tuple(f"p{k:0{digits}d}" for k in people),
        source=f"{len(images):,} synthetic eye pairs of {len(people)} people, rendered from seed {seed}.",
        quadrant=quadrant,
        oracle=oracle,
    )


def _render_person(seed: int, number: int, n: int) -> tuple[np.ndarray, ...]:
    """images, gaze, quadrant and oracle of n frames, as EyeSet has them."""
    rng = random_stream(seed, number, "frames")
    person = sample_person(seed, number)
    painter = EyePainter(person, rng)
    sessions = rng.integers(SESSIONS[0], SESSIONS[1] + 1)
    columns = []
    for frames_in_session in np.bincount(rng.integers(sessions, size=n)):
        session = sample_session(rng)
        for start in range(0, frames_in_session, BATCH):
            frames = sample_frames(person, session, min(BATCH, frames_in_session - start), rng)
            columns.append((painter.paint(session, frames, rng), frames.gaze, frames.quadrant, frames.oracle))
    return tuple(np.concatenate(column) for column in zip(*columns, strict=True))


def _in_order(work: Callable, tasks: list[tuple], workers: int | None) -> Generator:
    """`work(*task)` of every task, in their order, on `workers` processes."""
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    if workers == 1:
        with _one_opencv_thread():
            yield from (work(*task) for task in tasks)
        return
    # Spawned, because a fork of a process that already runs threads (NumPy's, PyTorch's) may hang.
    is_ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start_worker, initargs=(is_ignored,))
    try:
        with _ctrl_c_later():
            results = pool.map(work, *zip(*tasks, strict=True))  # starts the workers
        yield from results
    finally:  # also when interrupted: what has not begun is dropped
        pool.shutdown(cancel_futures=True)


def _start_worker(ctrl_c_is_ignored: bool) -> None:
    """Ctrl-C in a terminal reaches every process: workers just end, and the parent alone raises KeyboardInterrupt.

    Unless it ignores Ctrl-C, as what a script's `&` starts does: then they do so, too.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN if ctrl_c_is_ignored else signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    cv2.setNumThreads(1)


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Ctrl-C waits meanwhile; it waits, too, in a process started meanwhile, whose imports would die of it loudly."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    came: list[tuple] = []
    handler = signal.getsignal(signal.SIGINT)
    # The mask is for the processes started meanwhile; here it is not enough, since another thread may get the signal.
    on_main_thread = threading.current_thread() is threading.main_thread()
    if on_main_thread:
        signal.signal(signal.SIGINT, lambda *signal_and_frame: came.append(signal_and_frame))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if on_main_thread:
            signal.signal(signal.SIGINT, handler)
            if came and callable(handler):
                handler(*came[0])


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """OpenCV's own threads cost more than they bring on images this small."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
