"""The page of a run: its scores, pictures, settings, and one step of its tape."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import minigrad as mg
from gaze_examples import document, figures
from gaze_examples.batches import loader
from gaze_examples.data import GazeData
from gaze_examples.document import Block, Cards, Code, Drawing, Heading, Table, Text
from gaze_examples.models import MODELS
from gaze_examples.runs import Result, Settings
from minigrad.teach.graph import NoGraphviz

PARTS = {
    "train": ("training", "what it learned from"),
    "val": ("validation", "same people; chose which epoch to keep"),
    "test": ("test, same people", "people it was trained on, images it never saw"),
    "new": ("test, new people", "people it never saw"),
}

SETTING_NAMES = {"lr": "learning rate"}


def page(result: Result, data: GazeData, folder: Path) -> str:
    """The report as HTML, in one piece; its pictures are drawn into `folder`, too."""
    parameters = sum(parameter.numel() for parameter in result.model.parameters())
    unseen = {part: score for part, score in result.scores.items() if part in ("test", "new")}
    blocks: list[Block] = [
        Text(f"{parameters:,} parameters. Which quarter of the screen do these eyes look at? Guessing is right 25 % of "
             "the time.", "soft"),
        Cards([_card(part, result, data) for part in unseen]),
        Text(data.split.train.source, "note"),
        Heading("Scores"),
        _scores(result, data),
        Heading("Training"),
        Text(_kept(result)),
        figures.curves(result.history, folder),
        Heading("What it takes for what"),
        figures.confusion(unseen, folder),
        Heading("The network"),
        Text("What one image goes through, and what shape it has on the way.", "soft"),
        _network(result, data),
        Heading("One training step, as the tape saw it"),
        Text("Forward, from the top down; backward goes up again, and |gradient| is the norm of what arrived at each "
             "step's result.", "soft"),
        Code(str(result.step)),
        Heading("Data"),
        Code(data.describe()),
        Heading("Settings"),
        settings(result.settings),
    ]  # fmt: skip
    return document.to_html(MODELS[result.settings.model].title, blocks, folder)


def settings(of: Settings) -> Table:
    """How a network was trained."""
    values = asdict(of) | {"start": of.start or "fresh weights"}
    rows = [[SETTING_NAMES.get(name, name.replace("_", " ")), str(value)] for name, value in values.items()]
    return Table(["setting", ""], rows)


def percent(share: float | None) -> str:
    """A share as it stands in reports; a dash for one that is not known."""
    return "—" if share is None else f"{100 * share:.1f} %"


def _card(part: str, result: Result, data: GazeData) -> tuple[str, str, str]:
    oracle = data.oracle_accuracy(part)
    ceiling = "" if oracle is None else f"(an oracle gets {100 * oracle:.0f} %)"
    return PARTS[part][0], percent(result.scores[part].accuracy), ceiling


def _scores(result: Result, data: GazeData) -> Table:
    rows = [
        [PARTS[part][0], f"{len(score.labels):,}", percent(score.accuracy), f"{score.loss:.3f}",
         percent(data.oracle_accuracy(part)), PARTS[part][1]]
        for part, score in result.scores.items()
    ]  # fmt: skip
    return Table(["part", "images", "accuracy", "loss", "oracle", ""], rows)


def _kept(result: Result) -> str:
    best, history = result.history.best, result.history
    kept = f"The weights of epoch {best.epoch} of {len(history)} were kept, the best on validation." if best else ""
    stopped = " Training was stopped early with Ctrl-C." if history.interrupted else ""
    return kept + stopped


def _network(result: Result, data: GazeData) -> Block:
    """The graph of the network on one image, its modules as boxes; where Graphviz is missing, how to install it."""
    model, part = result.model, data.split.train
    image, _ = next(iter(loader(part, data.labels["train"], 1, mg.device(result.settings.device))))
    was_training = model.training
    model.eval()  # batch-norm makes no statistics of one image
    try:
        return Drawing(mg.graph(model, image, depth=1, show_values=False).to_svg())
    except NoGraphviz as error:
        return Text(str(error))
    finally:
        model.train(was_training)
