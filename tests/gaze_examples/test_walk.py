"""`gaze step`: one image through a network and back."""

from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples import cli
from gaze_examples.batches import normalise
from gaze_examples.models import MODELS
from gaze_examples.walk import synthetic_eyes, walk


@pytest.mark.parametrize("name", ["two-layer", "cnn-bn"])
def test_it_tells_the_gradients_of_that_image_and_leaves_the_network_as_it_was(name):
    mg.manual_seed(3)
    model = MODELS[name].make()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    eyes, labels = synthetic_eyes(1, seed=0)
    trace = walk(model, eyes, labels, 1)
    assert all((before[key] == value).all() for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    F.cross_entropy(model(mg.tensor(normalise(eyes.images[1:2]))), mg.tensor(labels[1:2])).backward()
    told = {one["name"].removeprefix("model."): one for one in trace.gradients}
    for key, parameter in model.named_parameters():
        gradient = parameter.grad.array
        assert told[key]["gradient"]["shape"] == list(gradient.shape)
        assert told[key]["gradient"].get("max", 0) == pytest.approx(float(gradient.max()), rel=1e-6)
        assert told[key]["check"]["verdict"] == "agrees", key


def test_in_the_terminal_and_as_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["step"]) == 0
    assert capsys.readouterr().out.startswith("step 1 of 4  cross_entropy")
    assert cli.main(["step", "--model", "cnn", "--html", "cnn.html"]) == 0
    assert Path("cnn.html").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--model", "nix"], "There is no model 'nix'"),
        (["no/such/run"], "There is no trained model in no/such/run"),
        (["no/such/run", "--model", "cnn"], "A run has its own network"),
    ],
)
def test_mistakes_are_told(words, told, capsys):
    assert cli.main(["step", *words]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_a_place_that_is_not_there():
    eyes, labels = synthetic_eyes(0, seed=0)
    with pytest.raises(Exception, match="There is no image 5: there are 0 to 0"):
        walk(MODELS["two-layer"].make(), eyes, np.asarray(labels), 5)
