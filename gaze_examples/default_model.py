"""The network that answers when none is named: trained on synthetic eyes the first time, then kept in the cache.

It lies beside the cached eyes (see `data.cache`) as a run folder, and may be deleted at any time. Another recipe or
another renderer makes another one.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import minigrad as mg
from gaze_examples import run_folder, runs
from gaze_examples.data import DataError, cache, load
from gaze_examples.data.sources import renderer_version
from gaze_examples.data.whole import whole_folder
from gaze_examples.models import MODELS
from minigrad.nn import Module
from minigrad.training import Epoch

NAME, SEED = "best", 0
DATA, SIZE = "synthetic", "crowd"
ASKED = {"data": DATA, "size": SIZE, "seed": SEED}
RUN, SCORES = "run", "scores.json"
PARTS = ("test", "new")  # same people, new people


class Default(NamedTuple):
    """The network, in evaluation mode, and its accuracy on synthetic eyes, by the part of PARTS."""

    model: Module
    accuracy: dict[str, float]

    def describe(self) -> str:
        """What it is worth, in two sentences."""
        same, new = (f"{100 * self.accuracy[part]:.1f} %" for part in PARTS)
        return (
            f"The default network `{NAME}`, trained on synthetic eyes. On others of them it is right for {same} (same "
            f"people) and {new} (new people); guessing gets 25 %.\nThat says nothing about real people."
        )


def default_model(on_start: Callable[[], None], on_epoch: Callable[[Epoch, int], None]) -> Default:
    """The default network, from the cache if it is there.

    on_start: called before it has to be trained. on_epoch: called then with each epoch and how many there will be.
    """
    settings = runs.settings_of(NAME, SEED, "cpu")
    network = MODELS[NAME].make()
    key = sha256(f"{settings} {network} {ASKED} {renderer_version()}".encode()).hexdigest()[:12]
    folder = cache.folder() / f"default-model-{key}"
    kept = _load(folder)
    if kept is not None:
        return kept
    on_start()
    data = load(DATA, size=SIZE, seed=SEED, workers=None)
    result = runs.train(settings, data, on_epoch=lambda epoch: on_epoch(epoch, settings.epochs))
    if result.history.interrupted:
        raise KeyboardInterrupt  # one seed, one network: half a training is none
    accuracy = {part: result.scores[part].accuracy for part in PARTS}
    try:
        shutil.rmtree(folder, ignore_errors=True)  # one that is not whole
        with whole_folder(folder) as unfinished:
            run_folder.save(result, data, unfinished / RUN, ASKED)
            (unfinished / SCORES).write_text(json.dumps(accuracy), encoding="utf-8")
    except OSError as error:
        warnings.warn(
            f"The default network could not be kept in {folder.parent} ({error}), so the next call has to train it "
            "again; point MINIGRAD_CACHE to a folder with room.",
            stacklevel=2,
        )
    return Default(result.model.eval(), accuracy)


def _load(folder: Path) -> Default | None:
    """The network in the cache, or None where it is not there or not whole."""
    try:
        scores = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        accuracy = {part: float(scores[part]) for part in PARTS}
        return Default(run_folder.load_model(folder / RUN, mg.device("cpu")).model.eval(), accuracy)
    except (OSError, LookupError, ValueError, TypeError, DataError):
        return None
