"""Who may use how many cores: the one place that decides.

A long piece of work is cut into parts, and each part walks on a Python thread of its own (`share`). NumPy lets go of
the interpreter while it calculates, so they do run side by side. BLAS, which would use all cores by itself, keeps to
one thread meanwhile, so there are never more threads at work than cores.

A product of two large matrices is best left to BLAS's own threads, if products are all there is. But after a product
those wait for the next one without going to sleep, and for some 30 ms hold the cores that others could use. So while
other work is shared, such as a convolution, products are shared, too (`in_company`). That takes some 0.1 ms longer for
each. After so many that it would have been better to wait once, BLAS has them again, until the next other work.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

WORTH_SHARING = 4_000_000  # multiplications; to wake a thread takes as long as about a million of them
MANY = 256  # products one after another


def get_num_threads() -> int:
    """How many threads a calculation may use: at first as many as BLAS does, which OMP_NUM_THREADS tells."""
    if _settings.count is None:
        _settings.count = max([pool["num_threads"] for pool in _blas().info()], default=os.cpu_count() or 1)
    return _settings.count


def set_num_threads(count: int) -> None:
    """Let a calculation use `count` threads, BLAS's own included; 1 turns threads off."""
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"set_num_threads: expected a whole number of threads, at least 1, got {count!r}.")
    _settings.count = count
    _blas().limit(limits=count)
    _forget_workers()


def in_company() -> bool:
    """Whether work other than products of matrices has been shared, and after it not yet many products."""
    return _settings.products < MANY


def forget_company() -> None:
    """Share products as in a new process. Who shares them decides on their last digits."""
    _settings.products = MANY


def share(
    work: Callable[[range], T], length: int, operations: float, *, on_gpu: bool = False, products: bool = False
) -> list[T]:
    """Cut range(length) into parts that follow each other, and call `work(part)` on each; their results, in order.

    The parts run side by side, on as many threads as `get_num_threads` says, if there are enough `operations`
    (multiplications, roughly) in all of it. Work that is shared already is not shared again.

    on_gpu: the work is a GPU's, which shares it out by itself: nothing is cut.
    products: the work is products of matrices and nothing else.
    """
    if on_gpu or _here.shared or get_num_threads() == 1:
        return [work(range(length))]
    count = max(1, min(get_num_threads(), length)) if operations >= WORTH_SHARING else 1
    cuts = [length * i // count for i in range(count + 1)]
    parts = [range(cuts[i], cuts[i + 1]) for i in range(count)]
    if products:
        _settings.products += 1
    elif count > 1:
        _settings.products = 0
    with _one_blas_thread:
        waiting = [_workers().submit(_run, work, part) for part in parts[1:]]
        try:
            first = _run(work, parts[0])
        finally:
            others = [one.exception() for one in waiting]  # none may still be at work when this returns
        for error in others:
            if error is not None:
                raise error
        return [first, *(one.result() for one in waiting)]


def _run(work: Callable[[range], T], part: range) -> T:
    _here.shared = True
    try:
        return work(part)
    finally:
        _here.shared = False


class _Here(threading.local):
    shared = False  # whether this thread is at work on a part


class _Settings:
    count: int | None = None
    workers: ThreadPoolExecutor | None = None
    products = MANY  # shared since other work was


_here, _settings = _Here(), _Settings()


def _workers() -> ThreadPoolExecutor:
    if _settings.workers is None:
        _settings.workers = ThreadPoolExecutor(get_num_threads(), thread_name_prefix="minigrad")
    return _settings.workers


def _forget_workers() -> None:
    _settings.workers = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)  # threads do not live on in a child process


@functools.cache
def _blas() -> Any:
    import numpy  # noqa: F401  whose BLAS is to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


class _OneBlasThread:
    """While anybody is inside, BLAS keeps to the thread that calls it. The last one out puts back what was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before: list[tuple[Any, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = [(blas, blas.get_num_threads()) for blas in _blas().lib_controllers]
                for blas, _ in self._before:
                    blas.set_num_threads(1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                for blas, count in self._before:
                    blas.set_num_threads(count)


_one_blas_thread = _OneBlasThread()
