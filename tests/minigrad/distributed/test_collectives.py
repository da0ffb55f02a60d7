"""What ranks do together, and that none waits for one that is gone."""

import re
import subprocess
import sys

import pytest

import minigrad as mg
from minigrad import distributed
from tests.minigrad.distributed.ranks import ROOT, needs_mpi, run


@needs_mpi
def test_all_ranks_get_the_sum_product_minimum_and_maximum(three):
    columns = [[0.0, 9.0], [3.0, 12.0], [6.0, 15.0]]
    expected = {"SUM": [6, 27], "PRODUCT": [6, 720], "MIN": [1, 8], "MAX": [3, 10], "columns": columns}
    assert three["sums"] == [{**expected, "scalar": 3.0, "done": True}] * 3


@needs_mpi
def test_one_rank_tells_the_others(three):
    assert three["telling"] == [[[[1.0, 1.0], [1.0, 1.0]], [{"from": 1}], [0, 1, 4]]] * 3


@needs_mpi
def test_backward_notices_that_a_tensor_was_changed_by_the_others(three):
    assert all("was changed in place afterwards" in said for said in three["changed_for_backward"])


@needs_mpi
def test_what_cannot_be_is_said(three):
    (first, *others), elsewhere = zip(*three["refusals"], strict=True)
    assert others == [first, first]
    for rank, said in enumerate(elsewhere):
        assert said.startswith(f"ValueError: DistributedDataParallel: device_ids=[{rank}], but the network is on cpu.")
    half, short, twice, nothing, other, bools, nobody = first
    assert half == "DtypeError: all_reduce: MPI does not know float16; convert it with .float() first."
    assert "a list with an entry for each of 3 ranks, got 9" in short
    assert "there is a process group already" in twice
    assert nothing == "ValueError: DistributedDataParallel: no parameter of this network requires grad."
    assert "'weight' is float32 of shape (3, 2) on rank 1, and float32 of shape (2, 2) on rank 0" in other
    assert bools == "DtypeError: all_reduce: bools are not added up; convert them with .int() first."
    assert nobody == [
        "ValueError: broadcast: src must lie in 0..2, the ranks that there are, got 3.",
        "ValueError: broadcast_object_list: src must lie in 0..2, the ranks that there are, got -1.",
    ]


@needs_mpi
@pytest.mark.parametrize(("rank", "how"), [(0, "KILL"), (1, "KILL"), (2, "SEGV"), (1, "raise"), (0, "assert")])
def test_when_one_rank_comes_to_grief_the_others_do_not_wait_and_it_is_named(rank, how):
    code, _, errors = run(3, "failing", str(rank), how, seconds=30)
    assert code != 0
    (named,) = [line for line in errors.splitlines() if line.startswith("rank ")]
    if how in ("raise", "assert"):
        said = {"raise": "ValueError: the disk is on fire", "assert": "AssertionError"}[how]
        assert named == f"rank {rank} of 3: {said}" and "programs.py" in errors
    else:
        assert re.fullmatch(rf"rank {rank} of 3: killed \(process \d+\)\.", named)


@needs_mpi
@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_last_words_are_not_lost_when_mpiexec_is_late():
    code, _, errors = run(2, "failing_unread", seconds=30)
    assert code != 0 and "rank 1 of 2: the disk is on fire\n" in errors


@needs_mpi
def test_without_mpiexec_there_is_one_rank():
    code = (
        "from minigrad import distributed as d, ones; d.init_process_group(); x = ones(2); d.all_reduce(x);"
        "print(d.get_rank(), d.get_world_size(), x.tolist()); d.destroy_process_group(); print(d.is_initialized())"
    )
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert alone.stdout.split("\n")[:2] == ["0 1 [1.0, 1.0]", "False"], alone.stderr


@needs_mpi
def test_the_program_that_has_its_own_way_to_print_exceptions_keeps_it():
    code = (
        "import sys; from minigrad import distributed as d; own = lambda *_: print('printed'); sys.excepthook = own;"
        "d.init_process_group(); d.destroy_process_group(); print(sys.excepthook is own); d.init_process_group(); 1 / 0"
    )
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (alone.stdout, alone.stderr) == ("True\nprinted\n", "")


def test_without_mpi4py_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert not distributed.is_available()
    with pytest.raises(ImportError, match=r"install it with pip install 'minigrad\[mpi\]'"):
        distributed.init_process_group()
    assert not distributed.is_initialized()


def test_without_a_group_every_function_says_how_to_get_one():
    calls = {
        "get_rank": [],
        "get_world_size": [],
        "barrier": [],
        "all_reduce": [mg.ones(1)],
        "broadcast": [mg.ones(1)],
        "all_gather_object": [[], 0],
        "broadcast_object_list": [[]],
        "destroy_process_group": [],
    }
    for name, arguments in calls.items():
        with pytest.raises(ValueError, match=rf"{name}: there is no process group yet; call distributed.init_process"):
            getattr(distributed, name)(*arguments)


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match="the backend is 'mpi', got 'gloo'"):
        distributed.init_process_group("gloo")
