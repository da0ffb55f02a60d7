"""`gaze train --resume`: a run that was killed ends as one that was not; what cannot be resumed is refused."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from gaze_examples import cli
from gaze_examples.commands import printing
from tests.device_guard.module import installed

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def start(*words):
    """Train in a process of its own, with as many threads as this one: with another number, last digits differ."""
    command = [sys.executable, "-m", "gaze_examples", "train", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(mg.get_num_threads())}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with SIGKILL")
def test_killed_and_resumed_a_run_ends_with_the_same_bits(dataset_directory):
    seed = random.SystemRandom().randrange(10**6)
    words = ["--data", dataset_directory, "--model", "best", "--epochs", "4", "--batch-size", "32", "--out"]
    assert cli.main(["train", *words, "whole"]) == 0
    killed = start(*words, "run")
    while not Path("run/run.json").exists():
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0, 1.5))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    resumed = start("--resume", "run")
    printed, _ = resumed.communicate(timeout=120)
    assert resumed.returncode == 0 or not Path("run/run.json").exists(), f"seed {seed}: {printed}"
    assert not Path("run/checkpoint.safetensors").exists()
    expected, actual = (Path(name, "weights.safetensors").read_bytes() for name in ("whole", "run"))
    assert actual == expected, f"seed {seed}: {printed}"


def refused(capsys, *words):
    assert cli.main(["train", "--resume", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gaze: ") and said.count("\n") == 1
    return said


def test_a_finished_run_says_so(dataset_directory, capsys):
    assert cli.main(["train", "--data", dataset_directory, "--model", "fc", "--epochs", "1", "--out", "run"]) == 0
    capsys.readouterr()
    assert "The run in run is finished; there is nothing to resume" in refused(capsys, "run")


def test_a_run_without_a_checkpoint_begins_anew_and_a_broken_one_is_refused(dataset_directory, capsys):
    words = ["train", "--data", dataset_directory, "--model", "fc", "--epochs", "2"]
    assert cli.main([*words, "--out", "whole"]) == 0
    settings = {"model": "fc", "epochs": 2, "lr": 0.01, "momentum": 0.9, "weight_decay": 0.0, "batch_size": 256}
    asked = {"data": dataset_directory, "seed": 0}
    about = {"settings": {**settings, "seed": 0, "device": "cpu"}, "asked": asked, "data": "Made-up eyes for a test."}
    Path("run").mkdir()
    Path("run/run.json").write_text(json.dumps(about))
    Path("run/checkpoint.safetensors").write_bytes(b"cut short")
    said = refused(capsys, "run")
    assert "run/checkpoint.safetensors" in said and "To begin anew, remove run." in said
    assert Path("run/checkpoint.safetensors").read_bytes() == b"cut short"
    Path("run/checkpoint.safetensors").unlink()
    assert cli.main(["train", "--resume", "run"]) == 0
    assert (
        Path("run/weights.safetensors").read_bytes()[-1000:] == Path("whole/weights.safetensors").read_bytes()[-1000:]
    )
    Path("run/run.json").write_text(json.dumps({**about, "data": "Other eyes."}))
    assert "was begun on other data: Other eyes." in refused(capsys, "run")
    Path("run/run.json").write_text("{}")
    assert "run/run.json is not what gaze train writes" in refused(capsys, "run")


def test_a_run_that_was_begun_on_a_gpu_goes_on_without_one(dataset_directory, monkeypatch, capsys):
    words = ["train", "--data", dataset_directory, "--model", "fc", "--epochs", "2", "--out"]
    assert cli.main([*words, "here"]) == 0
    with installed(), monkeypatch.context() as patch:
        patch.setattr(printing, "epoch_line", stop)
        assert cli.main([*words, "there", "--device", "cuda"]) == 0
    monkeypatch.setitem(sys.modules, "cupy", None)
    capsys.readouterr()
    said = refused(capsys, "there")
    assert "device cuda: CuPy is not installed" in said and said.endswith("gaze train --resume there --device cpu.\n")
    assert cli.main(["train", "--resume", "there", "--device", "cpu"]) == 0
    here, there = (np.loadtxt(f"{run}/history.csv", delimiter=",", skiprows=1)[:, :2] for run in ("here", "there"))
    np.testing.assert_allclose(there, here, rtol=1e-3)


def stop(*_):
    raise KeyboardInterrupt
