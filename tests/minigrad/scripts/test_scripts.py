"""Ordinary PyTorch scripts run with minigrad in PyTorch's place, and learn the same thing."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.scripts import autoencoder, characters, polynomial, spirals


@pytest.mark.parametrize("style", polynomial.SAME, ids=lambda style: style.__name__)
def test_every_style_of_fitting_a_polynomial_goes_down_the_path_derived_by_hand(style):
    losses = style(mg)
    assert losses[-1] < 0.5 * losses[0]
    np.testing.assert_allclose(losses, polynomial.by_hand_with_arrays(mg), rtol=1e-9)


@pytest.mark.parametrize("style", polynomial.SAME + polynomial.OTHER, ids=lambda style: style.__name__)
def test_every_style_of_fitting_a_polynomial_is_torchs(torch, style):
    losses = style(mg)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, style(torch), rtol=1e-9)


def test_two_spirals_are_told_apart():
    _, losses, right = spirals.train(mg)
    assert right > 0.95 and losses[-1] < 0.2 * losses[0]


def test_spirals_are_learned_as_torch_learns_them(torch):
    net, _, _ = spirals.train(mg, epochs=0)
    weights = {name: value.numpy().copy() for name, value in net.state_dict().items()}
    ours, theirs = (spirals.train(lib, epochs=40, weights=weights)[1] for lib in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_a_character_model_beats_every_bigram_table():
    model = characters.make(mg)
    losses = characters.train(mg, model)
    assert np.mean(losses[-10:]) < 0.5 * characters.bigram_loss(characters.text())
    assert losses[0] == pytest.approx(np.log(len(characters.LETTERS)), rel=0.3)


def test_characters_are_learned_as_torch_learns_them(torch):
    weights = {name: value.numpy().copy() for name, value in characters.make(mg).state_dict().items()}
    ours, theirs = (characters.train(lib, characters.make(lib, weights), steps=40) for lib in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_a_trained_model_makes_up_text_that_keeps_to_the_rule():
    model = characters.make(mg)
    characters.train(mg, model)
    text = characters.sample(mg, model, length=100)
    a, b, c = (np.array([characters.LETTERS.index(letter) for letter in text[start:]]) for start in (1, 2, 3))
    added = (c - b[: len(c)] - a[: len(c)]) % len(characters.LETTERS)
    assert np.isin(added, (0, 1)).mean() > 0.8  # chance: a quarter


def test_an_autoencoder_paints_a_spot_where_it_was():
    net = autoencoder.make(mg)
    losses = autoencoder.train(mg, net)
    assert losses[-1] < 0.3 * losses[0]
    images = autoencoder.spots(mg)
    with mg.no_grad():
        places = [divmod(one.flatten(1).argmax(dim=1).numpy(), autoencoder.SIDE) for one in (images, net(images))]
    assert np.abs(np.subtract(*places)).mean() < 1  # with one picture for all it would be 12/7


def test_spots_are_learned_as_torch_learns_them(torch):
    weights = {name: value.numpy().copy() for name, value in autoencoder.make(mg).state_dict().items()}
    ours, theirs = (autoencoder.train(lib, autoencoder.make(lib, weights), steps=20) for lib in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
