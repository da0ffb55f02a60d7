"""For all tests of the application: a small learnable data set in the course's layout, a cache of their own, and
pictures that cost nothing."""

from pathlib import Path

import numpy as np
import pytest

from gaze_examples.data import gazehub
from gaze_examples.data.eyes import HEIGHT, WIDTH, EyeSet
from tests.gaze_examples import pictures

PEOPLE, PER_PERSON = 3, 84  # 252 pairs: 180 to train, 36 and 36 to check


def _eyes() -> EyeSet:
    """Patches with a dark pupil that moves with the gaze."""
    rng = np.random.default_rng(5)
    n = PEOPLE * PER_PERSON
    gaze = rng.uniform((-0.3, -0.4), (0.3, 0.1), (n, 2)).astype(np.float32)
    y, x = np.mgrid[:HEIGHT, : WIDTH // 2]
    column = (30 + 60 * gaze[:, 0])[:, None, None]
    row = (18 - 30 * (gaze[:, 1] + 0.15))[:, None, None]
    pupil = np.exp(-((x - column) ** 2 + (y - row) ** 2) / 80)
    patch = (200 - 150 * pupil + rng.normal(0, 3, (n, 1, 1))).clip(0, 255).astype(np.uint8)
    person = np.repeat(np.arange(PEOPLE, dtype=np.int16), PER_PERSON)
    pairs = np.concatenate([patch, patch], axis=2)
    return EyeSet(pairs, gaze, person, ("p00", "p01", "p02"), "Made-up eyes for a test.")


@pytest.fixture(scope="session")
def dataset_directory(tmp_path_factory) -> str:
    """A folder with Image/ and Label/, as a path with a slash at its end, as in the notebook."""
    folder = tmp_path_factory.mktemp("datasets") / "MPIIFaceGaze"
    gazehub.write(_eyes(), folder)
    return f"{folder}/"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(Path(tmp_path_factory.getbasetemp()) / "cache"))


@pytest.fixture(autouse=True)
def cheap_pictures(request, monkeypatch):
    """Drawing the pictures of its runs would take a third of a test's time; those that look at them are marked."""
    if request.node.get_closest_marker("pictures") is None:
        pictures.make_cheap(monkeypatch)
