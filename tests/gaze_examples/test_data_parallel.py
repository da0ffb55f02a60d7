"""`mpiexec -n N gaze train --data-parallel`: the curve of one process, whoever dies meanwhile."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gaze_examples import cli
from tests.minigrad.distributed.ranks import ended, needs_mpi, start

GAZE = ("-m", "gaze_examples")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def curve(folder):
    """The numbers of each epoch that the data decides."""
    with open(Path(folder, "history.csv"), encoding="utf-8") as file:
        return [[float(row[name]) for name in row if name != "seconds"] for row in csv.DictReader(file)]


def when(path, process):
    """Wait until a file is there."""
    while not Path(path).exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def a_rank_of(process):
    """The process id of one of the ranks that an mpiexec started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = status.read_text().partition(" ")
            parents[int(pid)] = int(rest.rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            pass
    (proxy,) = [pid for pid, parent in parents.items() if parent == process.pid]
    return max(pid for pid, parent in parents.items() if parent == proxy)


@needs_mpi
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the ranks in /proc")
def test_a_rank_is_killed_and_another_number_of_ranks_goes_on_to_the_curve_of_one_process(dataset_directory):
    words = ["--data", dataset_directory, "--model", "two-layer", "--epochs", "8", "--batch-size", "11"]
    training = start(2, *GAZE, "train", "--data-parallel", *words, "--out", "run")
    when("run/checkpoint.safetensors", training)
    rank = a_rank_of(training)
    os.kill(rank, signal.SIGKILL)
    code, _, errors = ended(training, seconds=15)
    assert code != 0 and re.findall(r"^rank [01] of 2: killed \(process (\d+)\)\.", errors, re.MULTILINE) == [str(rank)]
    assert Path("run/checkpoint.safetensors").exists() and not Path("run/weights.safetensors").exists()
    code, out, errors = ended(start(3, *GAZE, "train", "--resume", "run", "--data-parallel"))
    assert code == 0, errors
    assert out.count("Ranks: 3, threads of each: 1") == out.count("The run is in run") == 1
    assert not any("checkpoint" in path.name for path in Path("run").iterdir())
    code, out, errors = ended(start(1, *GAZE, "train", *words, "--out", "alone"))
    assert code == 0, errors
    assert len(curve("run")) == 8
    for ours, alone in zip(curve("run"), curve("alone"), strict=True):
        assert ours == pytest.approx(alone, rel=1e-3)


@needs_mpi
def test_ctrl_c_keeps_the_best_weights_and_the_checkpoint(dataset_directory):
    words = ["--data", dataset_directory, "--model", "fc", "--epochs", "5000", "--out", "run"]
    training = start(2, *GAZE, "train", "--data-parallel", *words)
    when("run/checkpoint.safetensors", training)
    training.send_signal(signal.SIGINT)
    code, out, errors = ended(training)
    assert (code, errors) == (0, "")
    assert out.count("Stopped: keeping the best weights so far. To go on: gaze train --resume run") == 1
    assert {"checkpoint.safetensors", "weights.safetensors"} <= {path.name for path in Path("run").iterdir()}
    assert len(curve("run")) >= 1


@needs_mpi
def test_each_rank_trains_on_its_gpu(dataset_directory):
    words = ["--data", dataset_directory, "--model", "two-layer", "--epochs", "2", "--batch-size", "11"]
    program = ["-m", "tests.minigrad.distributed.gpu_programs", "gaze"]
    code, _, errors = ended(start(2, *program, *words, "--out", "gpus"))
    assert code == 0, errors
    told = [json.loads(line) for line in errors.splitlines()]
    assert len(told) == 2 and all(set(used) == {0} and min(calls) > 0 for calls, used in told)
    code, _, errors = ended(start(1, *GAZE, "train", *words, "--out", "host"))
    assert code == 0, errors
    for gpus, host in zip(curve("gpus"), curve("host"), strict=True):
        assert gpus == pytest.approx(host, rel=1e-3)


@needs_mpi
@pytest.mark.parametrize(
    "words, said",
    [
        (["--model", "none"], "There is no model 'none'; the models are two-layer, fc, cnn, cnn-bn, best."),
        (
            ["--protocol", "leave-one-person-out"],
            "leave-one-person-out trains many networks, not one; leave out --data-parallel.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(words, said):
    code, out, errors = ended(start(2, *GAZE, "train", "--data-parallel", *words))
    assert (code, out, errors) == (2, "", f"gaze: {said}\n")


@needs_mpi
@pytest.mark.parametrize("command", ["train", "compare"])
def test_mpiexec_before_what_would_do_the_same_in_each_process_is_one_sentence(command):
    code, out, errors = ended(start(3, *GAZE, command))
    assert (code, out) == (2, "") and list(Path().iterdir()) == []
    assert errors == (
        "gaze: 3 processes were started, and each would do the same. Only `gaze train --data-parallel` shares its "
        "work among them; for all else leave out mpiexec.\n"
    )


FAILING = """
import sys
from gaze_examples import cli, runs
from minigrad import distributed

def train(*_, **__):
    if distributed.get_rank() == 1:
        raise {}
    distributed.barrier()

runs.train = train
sys.exit(cli.main(["train", "--data-parallel", *sys.argv[1:]]))
"""


@needs_mpi
@pytest.mark.parametrize(
    "error, said, traced",
    [
        ("OSError(28, 'No space left on device', 'run')", "No space left on device (run).", False),
        ("RuntimeError('The ranks no longer agree.')", "The ranks no longer agree.", False),
        ("ValueError('The checkpoint is damaged.')", "The checkpoint is damaged. To begin anew, remove run.", False),
        ("TypeError('a mistake of ours')", "TypeError: a mistake of ours", True),
    ],
)
def test_what_goes_wrong_on_one_rank_is_a_sentence_and_a_mistake_of_ours_has_its_traceback(
    error, said, traced, dataset_directory
):
    words = ["--data", dataset_directory, "--model", "fc", "--out", "run"]
    code, _, errors = ended(start(2, "-c", FAILING.format(error), *words))
    assert code == (1 if traced else 2)
    assert f"rank 1 of 2: {said}\n" in errors
    assert ("Traceback" in errors) == traced


@needs_mpi
def test_without_mpiexec_it_trains_alone(dataset_directory):
    words = ["--data", dataset_directory, "--model", "fc", "--epochs", "1", "--data-parallel", "--out", "run"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, *GAZE, "train", *words]
    alone = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert alone.returncode == 0 and "Ranks: 1," in alone.stdout, alone.stderr


def test_without_mpi4py_the_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert cli.main(["train", "--data-parallel"]) == 2
    said = capsys.readouterr().err
    assert said == "gaze: This needs the package mpi4py: install it with pip install 'minigrad[mpi]'.\n"
