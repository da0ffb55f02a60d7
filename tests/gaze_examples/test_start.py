"""`gaze train --start`: a training that begins with the weights of another, and can be resumed like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from gaze_examples import cli, default_model, run_folder, runs


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def train(*words) -> int:
    return cli.main(["train", "--epochs", "1", *words])


@pytest.fixture
def first(dataset_directory) -> list[str]:
    """A run in the folder `first`. The data as options."""
    data = ["--data", dataset_directory, "--hold-out", "0"]
    assert train(*data, "--model", "fc", "--out", "first") == 0
    return data


def weights(folder: str) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in mg.load(Path(folder, "weights.safetensors")).items()}


def test_it_begins_where_the_other_run_ended(first):
    still = ["--lr", "1e-30", "--momentum", "0"]
    assert train(*first, "--model", "fc", "--start", "first", *still, "--out", "second") == 0
    assert train(*first, "--model", "fc", *still, "--out", "fresh") == 0
    begun, ended, fresh = weights("second"), weights("first"), weights("fresh")
    for name in ended:
        np.testing.assert_array_equal(begun[name], ended[name])
    assert any((fresh[name] != ended[name]).any() for name in ended)
    assert not Path("second/start.safetensors").exists()
    for run, words in (("second", "first"), ("fresh", "fresh weights")):
        assert f'start</td><td class="text">{words}</td>' in Path(run, "report.html").read_text("utf-8")
    assert run_folder.load_model(Path("second"), mg.device("cpu")).settings.start == "first"


def test_killed_before_its_first_epoch_it_begins_there_again(first, monkeypatch):
    words = [*first, "--model", "fc", "--start", "first", "--out"]
    assert train(*words, "whole") == 0

    def killed(*_, **__):
        raise SystemExit  # as if the process were gone: nothing of it is tidied up

    with monkeypatch.context() as patch:
        patch.setattr(runs, "train", killed)
        patch.setattr(run_folder, "discard", lambda run: None)
        with pytest.raises(SystemExit):
            train(*words, "run")
    shutil.rmtree("first")  # a run does not need the one it has started from
    assert cli.main(["train", "--resume", "run"]) == 0
    for name, value in weights("whole").items():
        np.testing.assert_array_equal(weights("run")[name], value)


def test_default_is_the_network_of_predict(first, monkeypatch):
    net = run_folder.load_model(Path("first"), mg.device("cpu")).model
    monkeypatch.setattr(
        default_model, "default_model", lambda on_start, on_epoch: default_model.Default(net, {"test": 0.5, "new": 0.5})
    )
    still = ["--lr", "1e-30", "--momentum", "0"]
    assert train(*first, "--model", "fc", "--start", "default", *still, "--out", "second") == 0
    for name, value in weights("first").items():
        np.testing.assert_array_equal(weights("second")[name], value)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--model", "cnn", "--start", "first"], "The network of --start first is fc, and not cnn: say --model fc."),
        (["--model", "fc", "--start", "nowhere"], "There is no trained model in nowhere"),
        (["--model", "fc", "--start", "first", "--protocol", "leave-one-person-out"], "leave out --start"),
        (["--start", "first", "--resume", "first"], "leave out --start and --epochs"),
    ],
)
def test_what_cannot_be_started_from_is_one_sentence_and_leaves_no_folder(words, says, first, capsys):
    data = [] if "--resume" in words else first[:2]
    capsys.readouterr()
    assert train(*words, *data, *([] if "--resume" in words else ["--out", "new"])) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1 and not Path("new").exists()
