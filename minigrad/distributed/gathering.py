"""The tensors of all ranks, on one of them or on all; or those of one, dealt out. Also sums that only one rank gets.

Arrays travel as mpi4py packs them, through ordinary memory, those of a GPU too. What is exchanged in every step of a
training is in `collectives`.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import to_host
from minigrad.distributed.collectives import ReduceOp, all_reduce, check_rank, checked_tensor, described
from minigrad.distributed.group import communicator, exchanged
from minigrad.tensor import Tensor


def all_gather(tensor_list: Sequence[Tensor], tensor: Tensor) -> None:
    """Give the tensors of the list, one a rank, the elements of each rank's `tensor`."""
    _check_list("all_gather", "tensor_list", tensor_list, tensor)
    _fill(tensor_list, _gathered("all_gather", tensor))


def all_gather_into_tensor(output_tensor: Tensor, input_tensor: Tensor) -> None:
    """`all_gather` into one tensor: the ranks' rows one after another, or along a new first axis."""
    name, shape = "all_gather_into_tensor", checked_tensor("all_gather_into_tensor", input_tensor).shape
    ranks = communicator(name).Get_size()
    shapes = [(ranks, *shape), *([(ranks * shape[0], *shape[1:])] if shape else [])]
    if checked_tensor(name, output_tensor).shape not in shapes or output_tensor.dtype != input_tensor.dtype:
        raise ValueError(
            f"{name}: for {described(input_tensor)} on each of {ranks} ranks, output_tensor must be of that dtype, and "
            f"of shape {' or '.join(map(str, shapes))}, got {described(output_tensor)}."
        )
    output_tensor.detach().copy_(np.stack(_gathered(name, input_tensor)).reshape(output_tensor.shape))


def gather(tensor: Tensor, gather_list: Sequence[Tensor] | None = None, dst: int = 0) -> None:
    """`all_gather` on rank `dst`, which alone gives a list."""
    _check_owner("gather", "gather_list", gather_list, "dst", dst)
    if gather_list is not None:
        _check_list("gather", "gather_list", gather_list, tensor)
    what, own = f" to rank {dst} of {described(checked_tensor('gather', tensor))}", to_host(tensor.array)
    arrays = exchanged("gather", what, lambda comm: comm.gather(own, root=dst))
    if gather_list is not None:
        _fill(gather_list, arrays)


def scatter(tensor: Tensor, scatter_list: Sequence[Tensor] | None = None, src: int = 0) -> None:
    """Give each rank's `tensor` the elements of that rank's tensor in the list of rank `src`, which alone gives one."""
    _check_owner("scatter", "scatter_list", scatter_list, "src", src)
    if scatter_list is not None:
        _check_list("scatter", "scatter_list", scatter_list, tensor)
    what = f" from rank {src} of {described(checked_tensor('scatter', tensor))}"
    arrays = None if scatter_list is None else [to_host(one.array) for one in scatter_list]
    _fill([tensor], [exchanged("scatter", what, lambda comm: comm.scatter(arrays, root=src))])


def reduce(tensor: Tensor, dst: int, op: ReduceOp = ReduceOp.SUM) -> None:
    """`all_reduce` for rank `dst` only. The tensors of the others stay as they are."""
    check_rank("reduce", dst, "dst")
    total = checked_tensor("reduce", tensor).detach().clone()
    all_reduce(total, op)
    if communicator("reduce").Get_rank() == dst:
        tensor.detach().copy_(total)


def gather_object(obj: Any, object_gather_list: list[Any] | None = None, dst: int = 0) -> None:
    """`all_gather_object` on rank `dst`, which alone gives a list."""
    _check_owner("gather_object", "object_gather_list", object_gather_list, "dst", dst)
    own = pickle.dumps(obj)  # before the others are kept waiting, for not all can be
    things = exchanged("gather_object", f" to rank {dst}", lambda comm: comm.gather(own, root=dst))
    if object_gather_list is not None:
        object_gather_list[:] = map(pickle.loads, things)


def _gathered(name: str, tensor: Tensor) -> list[np.ndarray]:
    own = to_host(tensor.array)
    return exchanged(name, f" of {described(tensor)}", lambda comm: comm.allgather(own))


def _fill(tensors: Sequence[Tensor], arrays: Sequence[np.ndarray]) -> None:
    for tensor, array in zip(tensors, arrays, strict=True):
        tensor.detach().copy_(array)


def _check_list(name: str, argument: str, tensors: Sequence[Tensor], tensor: Tensor) -> None:
    """Raise ValueError unless it holds a tensor a rank, each such as `tensor`."""
    wanted, ranks = described(checked_tensor(name, tensor)), communicator(name).Get_size()
    found = [described(checked_tensor(name, one)) for one in tensors]
    if found != [wanted] * ranks:
        raise ValueError(
            f"{name}: {argument} must hold a tensor for each of {ranks} ranks, {wanted} like the other argument, got "
            f"{len(found)}: {', '.join(dict.fromkeys(found)) or 'nothing'}."
        )


def _check_owner(name: str, argument: str, given: Any, whose: str, owner: int) -> None:
    """Raise unless the list is given on rank `owner`, and nowhere else."""
    check_rank(name, owner, whose)
    if (given is None) == (communicator(name).Get_rank() == owner):
        raise ValueError(f"{name}: {argument} must be given on rank {owner}, which is {whose}, and on no other.")
