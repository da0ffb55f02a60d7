"""What the ranks do together: add up tensors, and tell each other things.

MPI reads and writes ordinary memory. A tensor whose elements do not lie there, one after another, goes through a copy
there and back. One on a GPU is carried by NCCL, if it can be (`gpus`).

Where a rank comes to something else than the others, or has a tensor of another shape or dtype, all get an error
(`agreement`). For small tensors that costs as much again as the sum.
"""

from __future__ import annotations

import enum
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import Array, DtypeError, float16, is_on_host, to_host
from minigrad.distributed.gpus import nccl
from minigrad.distributed.group import announce, communicator, exchanged
from minigrad.tensor import Tensor


class ReduceOp(enum.Enum):
    """What `all_reduce` makes of the ranks' elements: their sum, product, minimum or maximum."""

    SUM = "SUM"
    PRODUCT = "PROD"
    MIN = "MIN"
    MAX = "MAX"


class Work:
    """Something under way: the tensor must be left alone until `wait()` has returned.

    >>> work = all_reduce(x, async_op=True)
    >>> ...
    >>> work.wait()
    """

    def __init__(self, name: str, what: str, tensor: Tensor, send: Callable[[Any, Array], Any]) -> None:
        self._name, self._comm, self._tensor, self._send = name, communicator(name), checked_tensor(name, tensor), send
        self._array: Any = None  # what MPI reads and writes
        self._written = False
        self._step = announce(name, f"{what} of {described(tensor)}", self._begin)

    def wait(self) -> bool:
        """Return when the tensor holds the result. RuntimeError, on all ranks, if one began something else."""
        self._step.wait()
        if not self._written:
            if self._array is self._tensor.array:
                self._tensor.edited()
            else:
                self._tensor.detach().copy_(self._array)
            self._written = True
        return True

    def is_completed(self) -> bool:
        """Whether `wait()` would return at once. Asking moves it on: MPI works only while it is called."""
        return self._step.is_done()

    def _begin(self) -> Any:
        carrier = _carrier(self._comm, self._name, self._tensor)
        self._array = carrier.reachable(self._tensor.array)
        return self._send(carrier, self._array)


def all_reduce(tensor: Tensor, op: ReduceOp = ReduceOp.SUM, async_op: bool = False) -> Work | None:
    """Replace each element by the sum (or `op`) over all ranks of that element. All ranks get the same bits.

    async_op: begin only, and return a `Work` to wait for.
    """
    if checked_tensor("all_reduce", tensor).dtype == bool:
        raise DtypeError("all_reduce: bools are not added up; convert them with .int() first.")
    if not isinstance(op, ReduceOp):
        raise TypeError(f"all_reduce: op must be a ReduceOp, such as ReduceOp.SUM, got {op!r}.")
    work = Work("all_reduce", f"({op.name})", tensor, lambda carrier, array: carrier.all_reduce(array, op.value))
    if async_op:
        return work
    work.wait()
    return None


def broadcast(tensor: Tensor, src: int = 0) -> None:
    """Give the tensor the elements that it has on rank `src`."""
    check_rank("broadcast", src)
    Work("broadcast", f" from rank {src}", tensor, lambda carrier, array: carrier.broadcast(array, src)).wait()


def barrier() -> None:
    """Wait until all ranks have come here."""
    announce("barrier").wait()


def broadcast_object_list(object_list: list[Any], src: int = 0) -> None:
    """Replace the things in the list by those of rank `src`."""
    check_rank("broadcast_object_list", src)
    own = pickle.dumps(object_list) if communicator("broadcast_object_list").Get_rank() == src else None
    told = exchanged("broadcast_object_list", f" from rank {src}", lambda comm: comm.bcast(own, root=src))
    object_list[:] = pickle.loads(told)


def all_gather_object(object_list: list[Any], obj: Any) -> None:
    """Fill the list, an entry a rank, with what each rank gave as `obj`."""
    comm = communicator("all_gather_object")
    if len(object_list) != comm.Get_size():
        raise ValueError(
            f"all_gather_object: expected a list with an entry for each of {comm.Get_size()} ranks, got "
            f"{len(object_list)}."
        )
    own = pickle.dumps(obj)  # before the others are kept waiting, for not all can be
    object_list[:] = map(pickle.loads, exchanged("all_gather_object", "", lambda comm: comm.allgather(own)))


def checked_tensor(name: str, tensor: Tensor) -> Tensor:
    """The tensor. Raises TypeError if it is none."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(tensor).__name__}.")
    return tensor


def check_rank(name: str, rank: int, argument: str = "src") -> None:
    """Raise ValueError if there is no such rank."""
    count = communicator(name).Get_size()
    if rank not in range(count):
        raise ValueError(f"{name}: {argument} must lie in 0..{count - 1}, the ranks that there are, got {rank!r}.")


def described(tensor: Tensor) -> str:
    """All that must be the same on all ranks."""
    return f"{tensor.dtype} of shape {tensor.shape}{'' if is_on_host(tensor.array) else ' on a GPU'}"


def _carrier(comm: Any, name: str, tensor: Tensor) -> Any:
    """Who carries a tensor's elements from rank to rank."""
    mpi, gpus = _Mpi(comm), None if is_on_host(tensor.array) else nccl()
    if gpus is None and tensor.dtype == float16:
        raise DtypeError(f"{name}: MPI does not know float16; convert it with .float() first.")
    return gpus or mpi


class _Mpi:
    """Carries the elements of arrays in ordinary memory."""

    def __init__(self, comm: Any) -> None:
        self._comm = comm

    def reachable(self, array: Array) -> np.ndarray:
        """The elements where they can be read and written: the array itself, or a copy."""
        return np.require(to_host(array), requirements=["C", "W"])

    def all_reduce(self, array: np.ndarray, op: str) -> Any:
        from mpi4py import MPI

        return self._comm.Iallreduce(MPI.IN_PLACE, array, getattr(MPI, op))

    def broadcast(self, array: np.ndarray, src: int) -> Any:
        return self._comm.Ibcast(array, root=src)
