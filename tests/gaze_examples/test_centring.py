"""Centred answers: what moves all answers for a person the same way is taken off, and nobody's labels are looked at."""

import numpy as np

import minigrad as mg
from gaze_examples import centring
from gaze_examples.centring import FEWEST, centred
from gaze_examples.data import load
from gaze_examples.runs import evaluate


def scores_of(left, down):
    """Scores whose log-odds of the left and of the lower half are these."""
    halves = [np.stack([-one / 2, one / 2], axis=1) for one in (left, down)]
    return np.stack([halves[1][:, q // 2] + halves[0][:, q % 2] for q in range(4)], axis=1)


def test_a_bias_for_each_person_is_taken_off():
    rng = np.random.default_rng(0)
    person = np.repeat([0, 1, 2], 200)
    left, down = rng.normal(size=(2, 600))
    truth = (left > np.repeat([np.median(left[person == k]) for k in range(3)], 200)) + 2 * (
        down > np.repeat([np.median(down[person == k]) for k in range(3)], 200)
    )
    biased = scores_of(left + np.array([0, 3, -2])[person], down + np.array([-4, 1, 0])[person])
    assert (biased.argmax(axis=1) == truth).mean() < 0.75
    np.testing.assert_array_equal(centred(biased, person), truth)


def test_without_a_bias_nothing_much_changes():
    left, down = np.random.default_rng(1).normal(size=(2, 1000))
    scores = scores_of(left, down)
    assert (centred(scores, np.zeros(1000)) == scores.argmax(axis=1)).mean() > 0.95


def test_a_network_that_is_very_sure_is_centred_too():
    left, down = 1000 * np.random.default_rng(3).normal(size=(2, 100))
    scores = scores_of(left, down + 5000).astype(np.float32)
    truth = (left > np.median(left)) + 2 * (down > np.median(down))
    np.testing.assert_array_equal(centred(scores, np.zeros(100)), truth)


def test_of_few_images_no_middle_is_told():
    scores = np.random.default_rng(2).normal(size=(FEWEST - 1, 4)) + [5, 0, 0, 0]
    np.testing.assert_array_equal(centred(scores, np.zeros(FEWEST - 1)), scores.argmax(axis=1))


def test_accuracies_are_those_of_each_part(dataset_directory, monkeypatch):
    data = load(dataset_directory)
    model = mg.nn.Sequential(mg.nn.Flatten(), mg.nn.Linear(36 * 120, 4))
    monkeypatch.setattr(centring, "centred", lambda scores, person: scores.argmax(axis=1))
    found = centring.accuracies(model, data, mg.device("cpu"))
    assert found == {name: one.accuracy for name, one in evaluate(model, data, mg.device("cpu")).items()}
    assert model.training
