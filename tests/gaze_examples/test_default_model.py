"""The default network: trained once, then kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import minigrad as mg
from gaze_examples import default_model
from gaze_examples.data import cache
from minigrad import nn


@pytest.fixture(autouse=True)
def quick(dataset_directory, tmp_path, monkeypatch):
    """A small network on small data, and an empty cache."""
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(default_model, "NAME", "fc")
    monkeypatch.setattr(default_model, "DATA", dataset_directory)


@pytest.fixture
def trained():
    """How often it had to be trained."""
    return []


def get(trained: list) -> default_model.Default:
    return default_model.default_model(lambda: trained.append("started"), lambda epoch, epochs: None)


def scores(default) -> np.ndarray:
    with mg.no_grad():
        return default.model(mg.ones(1, 36, 120)).numpy()


def test_it_is_trained_once_and_where_it_is_not_whole_again_to_the_same_weights(trained):
    first, again = get(trained), get(trained)
    assert trained == ["started"]
    np.testing.assert_array_equal(scores(first), scores(again))
    assert first.accuracy == again.accuracy and not first.model.training and not again.model.training
    for part in ("test", "new"):
        assert f"{100 * first.accuracy[part]:.1f} %" in again.describe()
    assert "says nothing about real people" in again.describe()

    (folder,) = cache.folder().glob("default-model-*")
    for broken in ("scores.json", "run/weights.safetensors"):
        (folder / broken).write_bytes(b"{}")
        trained.clear()
        np.testing.assert_array_equal(scores(get(trained)), scores(first))
        assert trained == ["started"]


def test_another_network_or_another_recipe_is_trained_anew(trained, monkeypatch):
    recipe = replace(default_model.MODELS["fc"], epochs=1)
    with_dropout = replace(recipe, make=lambda: nn.Sequential(recipe.make(), nn.Dropout(0)))
    for one in (recipe, replace(recipe, lr=0.02), with_dropout, recipe):
        monkeypatch.setitem(default_model.MODELS, "fc", one)
        get(trained)
    assert trained == ["started"] * 3


def test_a_cache_that_cannot_be_written_costs_a_warning(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="point MINIGRAD_CACHE to a folder with room"):
        assert scores(get(trained)).shape == (1, 4)


def test_half_a_training_is_not_kept(trained, monkeypatch):
    def stop(epoch, epochs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        default_model.default_model(lambda: None, stop)
    assert not list(cache.folder().glob("default-model-*"))
