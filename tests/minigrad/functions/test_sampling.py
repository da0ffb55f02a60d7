import numpy as np
import pytest

import minigrad as mg


def test_tensors_are_filled_in_place_with_what_was_asked_for():
    w = mg.zeros(200, 200, requires_grad=True)
    array = w.array
    w.data.normal_(1, 0.5)
    assert abs(array.mean() - 1) < 0.01 and abs(array.std() - 0.5) < 0.01
    w.data.uniform_(-1, 3)
    assert -1 <= array.min() < -0.99 and 2.99 < array.max() <= 3
    w.data.bernoulli_(0.3)
    assert set(np.unique(array)) == {0, 1} and abs(array.mean() - 0.3) < 0.02
    with pytest.raises(RuntimeError, match="normal_: this tensor"):
        w.normal_()


def test_bernoulli_draws_by_each_probability():
    drawn = mg.bernoulli(mg.tensor([[0.0, 0.2, 1.0]]).expand(5000, 3)).numpy()
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 0.2, 1], atol=0.03)
    with pytest.raises(ValueError, match="bernoulli: expected probabilities"):
        mg.bernoulli(mg.tensor([1.5]))


def test_multinomial_draws_by_the_weights():
    drawn = mg.multinomial(mg.tensor([[1.0, 0.0, 3.0], [0.0, 1.0, 0.0]]), 4000, replacement=True)
    assert drawn.shape == (2, 4000) and drawn.dtype == mg.int64
    counts = np.bincount(drawn.numpy()[0], minlength=3) / 4000
    np.testing.assert_allclose(counts, [0.25, 0, 0.75], atol=0.03)
    assert (drawn.numpy()[1] == 1).all()
    assert sorted(mg.multinomial(mg.ones(5), 5).tolist()) == [0, 1, 2, 3, 4]
    for wrong in (mg.tensor([0.0, 0.0]), mg.tensor([1.0, -1.0])):
        with pytest.raises(ValueError, match="multinomial: weights must be"):
            mg.multinomial(wrong, 1)
    with pytest.raises(ValueError, match="multinomial: cannot draw 2"):
        mg.multinomial(mg.tensor([1.0, 0.0]), 2)
