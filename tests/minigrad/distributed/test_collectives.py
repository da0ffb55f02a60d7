"""What ranks do together, and that none waits for one that is gone."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
from minigrad import distributed
from tests.minigrad.distributed.ranks import ROOT, ended, needs_mpi, run, start


@needs_mpi
def test_all_ranks_get_the_sum_product_minimum_and_maximum(three):
    columns = [[0.0, 9.0], [3.0, 12.0], [6.0, 15.0]]
    expected = {"SUM": [6, 27], "PRODUCT": [6, 720], "MIN": [1, 8], "MAX": [3, 10], "columns": columns}
    assert three["sums"] == [{**expected, "scalar": 3.0, "done": True}] * 3


@needs_mpi
def test_one_rank_tells_the_others(three):
    assert three["telling"] == [[[[1.0, 1.0], [1.0, 1.0]], [{"from": 1}], [0, 1, 4]]] * 3


@needs_mpi
def test_what_the_ranks_have_is_gathered_on_all_or_on_one_and_dealt_out_again(three):
    rows = [[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]]
    for rank, got in enumerate(three["gathering"]):
        assert got["all"] == [rows, rows, rows]
        assert got["one"] == (rows if rank == 1 else None)
        assert got["dealt"] == rows[2 - rank]
        assert got["total"] == (rows[2] if rank == 1 else rows[rank])
        assert got["objects"] == ([{"rank": 0}, {"rank": 1}, {"rank": 2}] if rank == 2 else None)
        assert got["flags"] == [False, True, False]


@needs_mpi
def test_ranks_that_do_not_do_the_same_are_told_who_does_what_and_can_go_no_further(three):
    first, *others = three["differing"]
    *said, left = first
    of_others, after_leaving = others[0][:-2], others[0][-2:]
    assert others[0] == others[1] and said == of_others and all(said[1::2])
    wanted = (
        "ranks 0, 1 came to all_reduce(SUM) of float32 of shape (2, 2); rank 2 came to all_reduce(SUM) of float32 of ",
        "rank 0 came to broadcast from rank 0 of float32 of shape (2,); ranks 1, 2 came to broadcast from rank 0 of",
        "rank 0 came to broadcast from rank 0 of float32 of shape (2,); rank 1 came to broadcast from rank 1 of ",
        "ranks 0, 2 came to all_reduce(MAX) of float32 of shape (2,); rank 1 came to all_reduce(MIN) of ",
        "rank 0 came to all_gather of float32 of shape (0,); rank 1 came to all_gather of float32 of shape (1,); ",
        "rank 0 came to all_reduce(SUM) of float32 of shape (2000,); rank 1 came to all_reduce(SUM) of float32 of ",
        "rank 0 came to all_reduce(SUM) of float32 of shape (1,); ranks 1, 2 came to barrier.",
        "rank 0 came to destroy_process_group or the end of the program; ranks 1, 2 came to barrier.",
    )
    for sentence, came in zip([*said[::2], after_leaving[0]], wanted, strict=True):
        assert sentence.startswith(f"RuntimeError: The ranks do not do the same: {came}")
    assert left is None  # it is no mistake of who leaves


@needs_mpi
def test_what_cannot_be_sent_keeps_nobody_waiting(three):
    first, own, last = three["unpicklable"]
    assert first == last and all(said and "pickle" in said for said in own)
    for said, name in zip(first, ("all_gather_object", "gather_object", "broadcast_object_list"), strict=True):
        came = rf"ranks 0, 2 came to {name}.*; rank 1 came to barrier\."
        assert re.match(f"RuntimeError: The ranks do not do the same: {came}", said)


@needs_mpi
def test_threads_that_do_the_same_get_what_they_would_alone(three):
    assert three["in_threads"] == [[[3.0, 3.0, 3.0]] * 80] * 3


@needs_mpi
def test_backward_notices_that_a_tensor_was_changed_by_the_others(three):
    assert all("was changed in place afterwards" in said for said in three["changed_for_backward"])


@needs_mpi
def test_what_cannot_be_is_said(three):
    (first, *others), own = zip(*three["refusals"], strict=True)
    assert others == [first, first]
    for rank, (elsewhere, unlisted) in enumerate(own):
        assert elsewhere.startswith(
            f"ValueError: DistributedDataParallel: device_ids=[{rank}], but the network is on cpu."
        )
        assert unlisted == (
            f"ValueError: scatter: scatter_list must be given on rank {rank}, which is src, and on no other."
        )
    half, late, wrong, short, twice, nothing, other, bools, nobody, lists = first
    assert half == "DtypeError: all_reduce: MPI does not know float16; convert it with .float() first."
    assert late == [None, half, half]  # though it came to nothing while the barrier was waited for
    assert wrong[0] == "TypeError: all_reduce: op must be a ReduceOp, such as ReduceOp.SUM, got 'sum'."
    assert "looks into memory that must not be written to" in wrong[1]
    assert "a list with an entry for each of 3 ranks, got 9" in short
    assert "there is a process group already" in twice
    assert nothing == "ValueError: DistributedDataParallel: no parameter of this network requires grad."
    assert "'weight' is float32 of shape (3, 2) on rank 1, and float32 of shape (2, 2) on rank 0" in other
    assert bools == "DtypeError: all_reduce: bools are not added up; convert them with .int() first."
    assert nobody == [
        "ValueError: broadcast: src must lie in 0..2, the ranks that there are, got 3.",
        "ValueError: broadcast_object_list: src must lie in 0..2, the ranks that there are, got -1.",
        "ValueError: reduce: dst must lie in 0..2, the ranks that there are, got '3'.",
    ]
    assert lists == [
        "ValueError: all_gather: tensor_list must hold a tensor for each of 3 ranks, float32 of shape (2, 2) like the "
        "other argument, got 2: float32 of shape (2, 2).",
        "ValueError: all_gather: tensor_list must hold a tensor for each of 3 ranks, float32 of shape (2, 2) like the "
        "other argument, got 3: float32 of shape (2, 2), float64 of shape (2, 2).",
        "ValueError: all_gather_into_tensor: for float32 of shape (2, 2) on each of 3 ranks, output_tensor must be of "
        "that dtype, and of shape (3, 2, 2) or (6, 2), got float32 of shape (6,).",
        "ValueError: gather: gather_list must be given on rank 1, which is dst, and on no other.",
    ]


@needs_mpi
@pytest.mark.parametrize(
    ("rank", "how"),
    [(0, "KILL"), (1, "KILL"), (2, "SEGV"), (1, "raise"), (0, "assert"), (1, "mute"), (2, "closed")],
)
def test_when_one_rank_comes_to_grief_the_others_do_not_wait_and_it_is_named(rank, how):
    code, _, errors = run(3, "failing", str(rank), how, seconds=30)
    assert code != 0
    (named,) = [line for line in errors.splitlines() if line.startswith("rank ")]
    said = {
        "raise": "ValueError: the disk is on fire",
        "assert": "AssertionError",
        "mute": "Mute: it cannot say why",
        "closed": "ValueError: nobody listens",
    }
    if how in said:
        assert named == f"rank {rank} of 3: {said[how]}" and errors.count("Traceback") == 1
    else:
        assert re.fullmatch(rf"rank {rank} of 3: killed \(process \d+\)\.", named)


@needs_mpi
@pytest.mark.parametrize(("rank", "how"), [(1, "exit"), (0, "uneven"), (1, "raise"), (1, "busy")])
def test_a_rank_that_comes_to_its_end_is_not_waited_for(rank, how):
    code, _, errors = run(2, "leaving", str(rank), how, seconds=30)
    assert code != 0
    named = [line for line in errors.splitlines() if line.startswith("rank ")]
    if how in ("raise", "busy"):  # although it says goodbye first, as scripts for PyTorch do
        assert f"rank {rank} of 2: ValueError: the disk is on fire" in named
    if how in ("exit", "uneven"):
        assert len(named) == 1 and named[0].startswith(f"rank {1 - rank} of 2: RuntimeError: The ranks do not do the ")
        assert f"rank {rank} came to destroy_process_group or the end of the program" in named[0]


COMING = "import os, sys, time\nif os.environ['PMI_RANK'] == '1':\n    {}\n"
JOINING = "from minigrad import distributed as d\nd.init_process_group()\nprint(d.get_rank())"


@needs_mpi
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("how", ["sys.exit()", "import a_package_that_there_is_not"])
def test_a_rank_that_ends_before_it_joins_the_group_is_not_waited_for(how):
    code, _, errors = ended(start(3, "-c", COMING.format(how) + JOINING), seconds=30)
    assert code != 0
    said = ["rank 1 of 3: ended before it came to init_process_group()."]
    assert [line for line in errors.splitlines() if line.startswith("rank ")] == said


@needs_mpi
def test_a_rank_that_is_late_is_waited_for():
    code, out, errors = ended(start(3, "-c", COMING.format("time.sleep(4)") + JOINING), seconds=30)
    assert (code, sorted("".join(out.split())), errors) == (0, ["0", "1", "2"], "")  # in any order, even on one line


@needs_mpi
def test_the_cores_are_shared_out_once(three):
    assert three["again"] == [8, 8, 8]


@needs_mpi
def test_what_one_rank_takes_for_granted_wrongly_ends_all():
    code, _, errors = run(2, "wrongly_told", seconds=30)
    assert code != 0
    assert "rank 1 of 2: RuntimeError: init_process_group: world_size=4, rank=-1 was asked for, and this is" in errors


@needs_mpi
def test_after_all_have_left_the_group_a_failure_still_ends_the_job_and_is_named():
    code, _, errors = run(2, "alone_at_last", seconds=30)
    assert code != 0 and "rank 1 of 2: ValueError: the disk is on fire\n" in errors


@needs_mpi
def test_what_another_rank_prints_cannot_come_between_the_words_of_a_line():
    _, out, _ = run(2, "failing_in_parts", seconds=30)
    parts = [json.loads(line) for line in out.splitlines()]
    trace, named = [part for part in parts if part]
    assert trace.startswith("Traceback") and trace.endswith("\nValueError: the disk is on fire\n")
    assert named == "rank 1 of 2: ValueError: the disk is on fire\n"


@needs_mpi
@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_last_words_are_not_lost_when_mpiexec_is_late():
    code, _, errors = run(2, "failing_unread", seconds=30)
    assert code != 0 and "rank 1 of 2: the disk is on fire\n" in errors


@needs_mpi
@pytest.mark.skipif(sys.platform != "linux", reason="looks for a process in /proc")
def test_the_line_from_which_mpiexec_learns_of_a_death_does_not_end_before_it_is_said_who_was_killed(tmp_path):
    code, _, errors = run(2, "killed_unseen", str(tmp_path / "still_there"), seconds=30)
    assert code != 0 and (tmp_path / "still_there").exists()
    assert re.fullmatch(r"rank 1 of 2: killed \(process \d+\)\.\n", errors)


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


@needs_mpi
def test_a_way_to_print_exceptions_that_fails_itself_keeps_nobody_waiting():
    code = (
        "import sys; from minigrad import distributed as d; sys.excepthook = lambda *_: sys.stderr.fileno();"
        "d.init_process_group(); d.get_rank() or 1 / 0; d.barrier()"
    )
    exit_code, _, errors = ended(start(2, "-c", code), seconds=30)
    said = [line for line in errors.splitlines() if line.startswith(("Trace", "Zero", "rank "))]
    zero = "ZeroDivisionError: division by zero"
    assert exit_code != 0 and said == ["Traceback (most recent call last):", zero, f"rank 0 of 2: {zero}"]


def test_without_mpi4py_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert not distributed.is_available()
    with pytest.raises(ImportError, match=r"install it with pip install 'minigrad\[mpi\]'"):
        distributed.init_process_group()
    assert not distributed.is_initialized()


def test_an_mpi4py_that_finds_no_mpi_is_not_said_to_be_missing(tmp_path):
    (tmp_path / "mpi4py").mkdir()
    (tmp_path / "mpi4py" / "__init__.py").touch()
    (tmp_path / "mpi4py" / "MPI.py").write_text("raise ImportError('libmpi.so.40: cannot open shared object file')")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    code = "from minigrad import distributed as d; d.init_process_group()"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert "RuntimeError: init_process_group: MPI cannot be loaded (libmpi.so.40: cannot open" in alone.stderr


def test_without_a_group_every_function_says_how_to_get_one():
    calls = {
        "get_rank": [],
        "get_world_size": [],
        "barrier": [],
        "all_reduce": [mg.ones(1)],
        "broadcast": [mg.ones(1)],
        "all_gather_object": [[], 0],
        "broadcast_object_list": [[]],
        "all_gather": [[], mg.ones(1)],
        "all_gather_into_tensor": [mg.ones(1), mg.ones(1)],
        "gather": [mg.ones(1)],
        "scatter": [mg.ones(1)],
        "reduce": [mg.ones(1), 0],
        "gather_object": [0],
        "destroy_process_group": [],
    }
    for name, arguments in calls.items():
        with pytest.raises(ValueError, match=rf"{name}: there is no process group yet; call distributed.init_process"):
            getattr(distributed, name)(*arguments)


@needs_mpi
def test_the_names_of_pytorchs_backends_are_taken_and_no_more_ranks_than_there_are():
    code = (
        "from minigrad import distributed as d\n"
        "for settings in ({'backend': 'nccl'}, {'backend': 'gloo', 'world_size': 1, 'rank': 0}, {'world_size': 4}):\n"
        "    d.init_process_group(**settings); print(d.get_world_size()); d.destroy_process_group()\n"
    )
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert alone.stdout == "1\n1\n"
    assert "world_size=4, rank=-1 was asked for, and this is rank 0 of 1. `mpiexec -n 4" in alone.stderr


@needs_mpi
@pytest.mark.parametrize("names", [("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("ROLE_RANK", "ROLE_WORLD_SIZE")])
def test_what_was_started_by_another_mpi_or_by_torchrun_does_not_take_itself_for_the_only_one(names):
    code = "from minigrad import distributed as d; print(d.started_as()); d.init_process_group()"
    environment = {**os.environ, **dict(zip(names, ("1", "3"), strict=True))}
    alone = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, env=environment
    )
    assert alone.stdout == "(1, 3)\n" and alone.returncode == 1
    assert "RuntimeError: init_process_group: 3 processes were started, and mpi4py finds one." in alone.stderr


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match="expected backend to be one of mpi, gloo, nccl, cpu:gloo,cuda:nccl, got 'smp"):
        distributed.init_process_group("smp")
