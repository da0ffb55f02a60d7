"""Made-up eyes for the tests of the data package: smooth patches, so that JPEG hardly changes them."""

from collections.abc import Callable

import numpy as np
import pytest

from gaze_examples.data.eyes import HEIGHT, WIDTH, EyeSet


def make_eyes(people: int = 3, per_person: int = 4, *, known: bool = False, seed: int = 0) -> EyeSet:
    """`per_person` pairs of each of `people`, all different; `known` adds quadrant and oracle."""
    rng = np.random.default_rng(seed)
    n = people * per_person
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    slope = rng.uniform(-1, 1, (n, 2, 1, 1))
    level = rng.uniform(80, 170, (n, 1, 1))
    images = (level + slope[:, 0] * (x - WIDTH / 2) + slope[:, 1] * (y - HEIGHT / 2)).clip(0, 255).astype(np.uint8)
    gaze = rng.uniform((-0.3, -0.35), (0.3, 0.0), (n, 2)).astype(np.float32)
    person = np.repeat(np.arange(people, dtype=np.int16), per_person)
    quadrant, oracle = rng.integers(0, 4, (2, n)).astype(np.uint8)
    return EyeSet(
        images,
        gaze,
        person,
        tuple(f"p{i:02d}" for i in range(people)),
        "Made-up eyes for a test.",
        quadrant if known else None,
        oracle if known else None,
    )


@pytest.fixture(name="make_eyes")
def make_eyes_fixture() -> Callable[..., EyeSet]:
    return make_eyes
