"""What the ranks do together: add up tensors, and tell each other things.

MPI reads and writes ordinary memory. A tensor whose elements do not lie there, one after another, goes through a copy
there and back. One on a GPU is carried by NCCL, if it can be (`gpus`).

A rank that waits in MPI asks again and again, and keeps its core busy. Where there are more processes than cores, or
where rank 0 works alone for a while, that core is needed elsewhere: so here a rank that has waited for a moment sleeps
between two questions.
"""

from __future__ import annotations

import enum
import time
from typing import Any

import numpy as np

from minigrad.backend import Array, DtypeError, float16, is_on_host, to_host
from minigrad.distributed.gpus import nccl
from minigrad.distributed.group import communicator, get_world_size
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

    def __init__(self, request: Any, tensor: Tensor, array: Array) -> None:
        self._request, self._tensor, self._array = request, tensor, array
        self._waited = False

    def wait(self) -> bool:
        """Return when the tensor holds the result."""
        if not self._waited:
            _wait(self._request)
            _written(self._tensor, self._array)
            self._waited = True
        return True

    def is_completed(self) -> bool:
        """Whether `wait()` would return at once."""
        return bool(self._request.Test())


def all_reduce(tensor: Tensor, op: ReduceOp = ReduceOp.SUM, async_op: bool = False) -> Work | None:
    """Replace each element by the sum (or `op`) over all ranks of that element. All ranks get the same bits.

    Shape and dtype must be the same everywhere, or the result is nonsense. That is not checked, for it would take
    another message: `check_equal({"name": tensor}, shapes_only=True)` does it.

    async_op: begin only, and return a `Work` to wait for.
    """
    carrier = _carrier(tensor, "all_reduce")
    if tensor.dtype == bool:
        raise DtypeError("all_reduce: bools are not added up; convert them with .int() first.")
    array = carrier.reachable(tensor.array)
    work = Work(carrier.all_reduce(array, op.value), tensor, array)
    if async_op:
        return work
    work.wait()
    return None


def broadcast(tensor: Tensor, src: int = 0) -> None:
    """Give the tensor the elements that it has on rank `src`. Shape and dtype must be the same everywhere."""
    carrier = _carrier(tensor, "broadcast")
    _check_rank(src, "broadcast")
    array = carrier.reachable(tensor.array)
    Work(carrier.broadcast(array, src), tensor, array).wait()


def barrier() -> None:
    """Wait until all ranks have come here."""
    _wait(communicator("barrier").Ibarrier())


def broadcast_object_list(object_list: list[Any], src: int = 0) -> None:
    """Replace the things in the list by those of rank `src`."""
    comm = communicator("broadcast_object_list")
    _check_rank(src, "broadcast_object_list")
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


def _check_rank(src: int, name: str) -> None:
    if not 0 <= src < get_world_size():
        raise ValueError(f"{name}: src must lie in 0..{get_world_size() - 1}, the ranks that there are, got {src}.")


def _carrier(tensor: Tensor, name: str) -> Any:
    """Who carries a tensor's elements from rank to rank."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(tensor).__name__}.")
    mpi, gpus = _Mpi(communicator(name)), None if is_on_host(tensor.array) else nccl()
    if gpus is None and tensor.dtype == float16:
        raise DtypeError(f"{name}: MPI does not know float16; convert it with .float() first.")
    return gpus or mpi


class _Mpi:
    """Carries the elements of arrays in ordinary memory."""

    def __init__(self, comm: Any) -> None:
        self._comm = comm

    def reachable(self, array: Array) -> np.ndarray:
        """The elements where they can be read and written: the array itself, or a copy."""
        return np.asarray(to_host(array), order="C")

    def all_reduce(self, array: np.ndarray, op: str) -> Any:
        from mpi4py import MPI

        return self._comm.Iallreduce(MPI.IN_PLACE, array, getattr(MPI, op))

    def broadcast(self, array: np.ndarray, src: int) -> Any:
        return self._comm.Ibcast(array, root=src)


def _wait(request: Any) -> None:
    """Return when what was asked is done."""
    start = time.perf_counter()
    while not request.Test():
        if time.perf_counter() - start > MOMENT:
            time.sleep(NAP)


def _written(tensor: Tensor, array: Array) -> None:
    """The result is in `array`."""
    if array is tensor.array:
        tensor.edited()
    else:
        tensor.detach().copy_(array)
