"""Ranks with a GPU each, on the stand-in for CuPy: what NCCL is told, and when it cannot be used."""

import sys

import numpy as np
import pytest

from minigrad import distributed
from tests.minigrad.distributed import programs
from tests.minigrad.distributed.ranks import needs_mpi, on_ranks


def on_gpus(*words):
    """What the program returned on each of three ranks, and (broadcasts, all-reduces) by NCCL on each."""
    ranks = on_ranks(3, *words, module="gpu_programs")
    return [rank["result"] for rank in ranks], [tuple(rank["calls"]) for rank in ranks]


def numbers(thing):
    """All that is in lists of lists."""
    return [number for part in thing for number in numbers(part)] if isinstance(thing, list) else [thing]


@needs_mpi
@pytest.mark.parametrize(("whose", "calls"), [("own", (6, 18)), ("shared", (0, 0))])
def test_gradients_are_those_of_the_host_by_nccl_or_where_ranks_share_a_gpu_by_mpi(whose, calls):
    there, counted = on_gpus("gradients", whose)
    assert counted == [calls] * 3  # six parameters, each in a bucket of its own, and three passes
    for rank, host in zip(there, on_ranks(3, "gradients", "0"), strict=True):
        assert rank["twice"] == there[0]["twice"]
        for what in host:
            np.testing.assert_allclose(numbers(rank[what]), numbers(host[what]))


@needs_mpi
def test_what_is_no_flat_array_of_floats_comes_over_too():
    results, calls = on_gpus("tensors")
    assert results == [[[[3, 12], [6, 15], [9, 18]], [2, 2], [True, False], 2]] * 3
    assert calls == [(2, 2)] * 3


@needs_mpi
def test_a_training_on_gpus_has_the_curve_of_the_host():
    alone = programs.trained(parallel=False)
    for rank in on_gpus("trained")[0]:
        np.testing.assert_allclose(rank["losses"], alone["losses"], rtol=1e-7)
        np.testing.assert_allclose(rank["rows"], alone["rows"], rtol=1e-7)


@needs_mpi
def test_no_step_waits_for_the_gpu_and_the_trainer_does_only_where_it_reads_losses_and_hits():
    results, _ = on_gpus("waiting")
    assert results == [[0, 4], [0, 2], [0, 2]]  # rank 0 reads both twice, the others have no step in the second half


@needs_mpi
def test_the_ranks_on_a_machine_take_its_gpus_in_turn():
    ranks = on_ranks(3, "own", module="gpu_programs")
    assert [(rank["result"], rank["used"]) for rank in ranks] == [("cuda:0", [0]), ("cuda:1", [1]), ("cuda:0", [0])]


def test_without_cupy_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(RuntimeError, match=r"^own_gpu: CuPy is not installed. Install it with: pip install 'minigrad"):
        distributed.own_gpu()
