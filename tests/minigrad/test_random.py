import numpy as np
import pytest

import minigrad as mg
from minigrad import random


@pytest.mark.parametrize("draw", [
    lambda: mg.rand(3).tolist(),
    lambda: mg.randn(3).tolist(),
    lambda: mg.randint(0, 1000, (3,)).tolist(),
    lambda: mg.randperm(10).tolist(),
    lambda: mg.nn.Linear(2, 2).weight.tolist(),
])  # fmt: skip
def test_the_seed_decides_everything_that_is_drawn(draw):
    mg.manual_seed(1)
    first = draw()
    assert first != draw()
    mg.manual_seed(1)
    assert first == draw()
    mg.manual_seed(2)
    assert first != draw()


def test_the_librarys_stream_is_apart_from_numpys():
    mg.manual_seed(1)
    np.random.seed(0)
    ours, theirs = mg.rand(2).tolist(), np.random.rand()
    mg.manual_seed(1)
    np.random.seed(0)
    np.random.rand(5)
    assert mg.rand(2).tolist() == ours
    np.random.seed(0)
    assert np.random.rand() == theirs


def test_a_generator_is_the_librarys_a_given_one_or_made_from_a_seed():
    assert mg.manual_seed(3) is random.generator()
    own = np.random.default_rng(0)
    assert random.generator(own) is own
    assert random.generator(5).random() == np.random.default_rng(5).random()


def test_a_generator_object_has_a_stream_of_its_own():
    own = mg.Generator().manual_seed(5)
    assert own.initial_seed() == 5 and random.generator(own) is own.numpy
    first = random.generator(own).random()
    assert first == np.random.default_rng(5).random() != random.generator(own).random()
    assert mg.Generator().initial_seed() != mg.Generator().initial_seed() and own.seed() == own.initial_seed()
    parts = [mg.data.random_split(range(20), [10, 10], generator=mg.Generator().manual_seed(1)) for _ in range(2)]
    assert parts[0][0].indices == parts[1][0].indices
