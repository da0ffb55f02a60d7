"""What the ranks do together: add up tensors, and tell each other things.

MPI reads and writes ordinary memory. A tensor on a GPU, or one whose elements do not lie one after another, goes
through a copy there and back.

A rank that waits in MPI asks again and again, and keeps its core busy. Where there are more processes than cores, or
where rank 0 works alone for a while, that core is needed elsewhere: so here a rank that has waited for a moment sleeps
between two questions.
"""

from __future__ import annotations

import enum
import time
from typing import Any

import numpy as np

from minigrad.backend import DtypeError, float16, to_host
from minigrad.distributed.group import communicator
from minigrad.tensor import Tensor

MOMENT, NAP = 1e-3, 1e-4  # seconds


class ReduceOp(enum.Enum):
    """What `all_reduce` makes of the ranks' elements: their sum, product, minimum or maximum."""

    SUM = "SUM"
    PRODUCT = "PROD"
    MIN = "MIN"
    MAX = "MAX"


class Work:
    """Something under way: the tensor must be left alone until `wait()` has returned."""

    def __init__(self, request: Any, tensor: Tensor, staged: np.ndarray) -> None:
        self._request, self._tensor, self._staged = request, tensor, staged

    def wait(self) -> bool:
        """Return when the tensor holds the result."""
        _wait(self._request)
        _written(self._tensor, self._staged)
        return True

    def is_completed(self) -> bool:
        """Whether `wait()` would return at once."""
        return bool(self._request.Test())


def all_reduce(tensor: Tensor, op: ReduceOp = ReduceOp.SUM, async_op: bool = False) -> Work | None:
    """Replace each element by the sum (or `op`) over all ranks of that element. All ranks get the same bits.

    async_op: begin only, and return a `Work` to wait for.
    """
    comm, staged = communicator("all_reduce"), _staged(tensor, "all_reduce")
    from mpi4py import MPI

    work = Work(comm.Iallreduce(MPI.IN_PLACE, staged, getattr(MPI, op.value)), tensor, staged)
    if async_op:
        return work
    work.wait()
    return None


def broadcast(tensor: Tensor, src: int = 0) -> None:
    """Give the tensor the elements that it has on rank `src`. Shape and dtype must be the same everywhere."""
    comm, staged = communicator("broadcast"), _staged(tensor, "broadcast")
    Work(comm.Ibcast(staged, root=src), tensor, staged).wait()


def barrier() -> None:
    """Wait until all ranks have come here."""
    _wait(communicator("barrier").Ibarrier())


def broadcast_object_list(object_list: list[Any], src: int = 0) -> None:
    """Replace the things in the list by those of rank `src`."""
    comm = communicator("broadcast_object_list")
    barrier()
    object_list[:] = comm.bcast(object_list, root=src)


def all_gather_object(object_list: list[Any], obj: Any) -> None:
    """Fill the list, an entry a rank, with what each rank gave as `obj`."""
    comm = communicator("all_gather_object")
    if len(object_list) != comm.Get_size():
        raise ValueError(
            f"all_gather_object: expected a list with an entry for each of {comm.Get_size()} ranks, got "
            f"{len(object_list)}."
        )
    barrier()
    object_list[:] = comm.allgather(obj)


def _staged(tensor: Tensor, name: str) -> np.ndarray:
    """The elements where MPI can read and write them: the tensor's own memory, if it can."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(tensor).__name__}.")
    if tensor.dtype == float16:
        raise DtypeError(f"{name}: MPI does not know float16; convert it with .float() first.")
    return np.asarray(to_host(tensor.array), order="C")


def _wait(request: Any) -> None:
    """Return when MPI has done what was asked."""
    start = time.perf_counter()
    while not request.Test():
        if time.perf_counter() - start > MOMENT:
            time.sleep(NAP)


def _written(tensor: Tensor, staged: np.ndarray) -> None:
    """MPI has written to `staged`."""
    if staged is tensor.array:
        tensor.edited()
    else:
        tensor.detach().copy_(staged)
