"""Leave one person out: a network for each person, trained on all others and tested on that one.

What a network gets right of people it has seen says little about the next user of a laptop, and one set of held-out
people says how hard these few are. So everybody is held out once, and what counts is the mean over people, and how far
people are apart.

The folder has people.json, with what is done so far, and for each person an ordinary run folder, as `gaze train
--hold-out PERSON` leaves it. A run that was stopped goes on with the person, and the epoch, it was at.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from gaze_examples import document, json_file, report, run_folder, runs, themes
from gaze_examples.data import DataError, GazeData, Reading, divide, parse_origin
from gaze_examples.data.protocols import LEAVE_ONE_OUT, check_protocol, several
from gaze_examples.data.splits import check_settings
from gaze_examples.data.whole import whole_folder
from gaze_examples.document import Block, Cards, Code, Heading, Picture, Table, Text
from gaze_examples.models import MODELS
from gaze_examples.report import percent
from gaze_examples.runs import Result, Settings
from minigrad.training import Epoch
from minigrad.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PEOPLE, REPORT, BARS = "people.json", "report.html", "people"


@dataclass(frozen=True)
class Score:
    """How the network that has never seen a person does. Accuracies are shares; oracle is None where it is unknown."""

    person: str
    images: int
    accuracy: float  # on this person
    same: float  # on other images of those it was trained on
    oracle: float | None
    epoch: int  # whose weights were kept
    seconds: float


@dataclass
class People:
    """A run over all people that has begun; `scores` are of those who are done, by name."""

    folder: Path
    settings: Settings
    asked: dict[str, Any]
    data: str
    names: list[str]
    scores: dict[str, Score]

    @property
    def mean(self) -> float:
        """The mean accuracy over the people who are done."""
        return statistics.fmean(score.accuracy for score in self.scores.values())

    @property
    def deviation(self) -> float:
        """The standard deviation over the people who are done, with n - 1; 0 of one person."""
        accuracies = [score.accuracy for score in self.scores.values()]
        return statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0

    def save(self) -> None:
        """Write down what is done."""
        about = asdict(self) | {"folder": None, "scores": [asdict(score) for score in self.scores.values()]}
        json_file.write(self.folder / PEOPLE, about)


def check(asked: Mapping[str, Any]) -> None:
    """Raise DataError for options that make no sense: before minutes are spent on reading."""
    check_protocol(LEAVE_ONE_OUT, asked["hold_out"], asked["split"])
    check_settings(asked["split"], asked["shares"])
    parse_origin(asked["origin"])


def begin(folder: Path, settings: Settings, asked: Mapping[str, Any], reading: Reading) -> People:
    """Make the folder. Raises DataError where there is one person only."""
    names = list(several(reading.eyes, LEAVE_ONE_OUT))
    try:
        with whole_folder(folder):
            pass
        people = People(folder, settings, dict(asked), reading.eyes.source, names, {})
        people.save()
    except OSError as error:
        raise DataError(f"Cannot make the folder {folder} ({error}); name another with --out.") from error
    return people


def begun(folder: Path) -> People:
    """What was begun in `folder`."""
    with json_file.reading(folder / PEOPLE, "train") as about:
        scores = {score["person"]: Score(**score) for score in about["scores"]}
        settings = Settings(**about["settings"])
        return People(folder, settings, about["asked"], about["data"], about["names"], scores)


def train(people: People, reading: Reading, on_epoch: Callable[[str, Epoch], None], on_score: Callable[[Score], None]):
    """Train and test for everyone who is not done yet, and write the report.

    Ctrl-C keeps who is finished, writes the report of them, and is raised again.
    """
    if (reading.eyes.source, list(several(reading.eyes, LEAVE_ONE_OUT))) != (people.data, people.names):
        raise DataError(f"The run in {people.folder} was begun on other data: {people.data}")
    open_names = [name for name in people.names if name not in people.scores]
    bar = tqdm(total=len(people.names), initial=len(people.scores), unit="person", leave=False, disable=None)
    try:
        with bar:
            for number, name in enumerate(open_names):
                bar.set_description(f"{name} left out")
                data = _without(people, name, reading)
                if number == 0:
                    data.check_classes()
                score = _train_without(people, name, data, on_epoch)
                people.scores[name] = score
                people.save()
                bar.update()
                on_score(score)
        _write_report(people, reading)
    except KeyboardInterrupt:
        if people.scores:
            _write_report(people, reading)
        raise
    except OSError as error:
        raise DataError(
            f"Could not write into {people.folder} ({error}); make room, then gaze train --resume {people.folder}."
        ) from error


def _without(people: People, name: str, reading: Reading) -> GazeData:
    asked = people.asked
    return divide(
        reading, hold_out=[name], order=asked["split"], shares=asked["shares"], seed=asked["seed"],
        origin=parse_origin(asked["origin"]),
    )  # fmt: skip


def _train_without(people: People, name: str, data: GazeData, on_epoch: Callable[[str, Epoch], None]) -> Score:
    folder = people.folder / name
    asked = {**people.asked, "protocol": None, "hold_out": [name]}
    if (folder / run_folder.RUN).is_file():
        run = run_folder.started(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)  # finished, but killed before its score was written down
        run = run_folder.start(folder, people.settings, asked, data)
    result = runs.train(run.settings, data, lambda epoch: on_epoch(name, epoch), run.checkpoint)
    if result.history.interrupted:
        raise KeyboardInterrupt
    run_folder.finish(run, result, data)
    return _score(name, result, data)


def _score(name: str, result: Result, data: GazeData) -> Score:
    new, best = result.scores["new"], result.history.best
    assert best is not None
    seconds = sum(result.history.column("seconds"))
    same, oracle = result.scores["test"].accuracy, data.oracle_accuracy("new")
    return Score(name, len(new.labels), new.accuracy, same, oracle, best.epoch, seconds)


# -- what it shows -----------------------------------------------------------------------------------------------------


def table(people: People) -> Table:
    """A row for each person who is done, then the mean and the standard deviation over people."""
    rows = [
        [score.person, f"{score.images:,}", percent(score.accuracy), percent(score.same), percent(score.oracle),
         str(score.epoch), f"{score.seconds:.0f} s"]
        for score in people.scores.values()
    ]  # fmt: skip
    columns: list[list[Any]] = [
        [getattr(score, name) for score in people.scores.values()] for name in ("accuracy", "same", "oracle")
    ]
    for title, of in (("mean", statistics.fmean), ("deviation", statistics.stdev)):
        cells = ["—" if len(people.scores) < 2 or None in column else percent(of(column)) for column in columns]
        rows.append([title, "", *cells, "", ""])
    head = ["left out", "images", "this person", "the others", "oracle", "epoch", "time"]
    links = [*(f"{name}/{run_folder.REPORT}" for name in people.scores), "", ""]
    return Table(head, rows, links=links)


def summary(people: People) -> str:
    """One line: the mean and the deviation."""
    done = f"{len(people.scores)} of {len(people.names)}" if len(people.scores) < len(people.names) else "all"
    return f"{100 * people.mean:.1f} ± {100 * people.deviation:.1f} % over {done} people"


def _write_report(people: People, reading: Reading) -> None:
    light, dark = themes.draw(people.folder, BARS, (max(6.0, 1.6 + 0.5 * len(people.scores)), 3.6), _bars(people))
    worst, best = (of(people.scores.values(), key=lambda score: score.accuracy) for of in (min, max))
    missing = [name for name in people.names if name not in people.scores]
    blocks: list[Block] = [
        Cards([
            ("accuracy on a new person", percent(people.mean), f"± {100 * people.deviation:.1f}, person to person"),
            ("easiest to read", percent(best.accuracy), best.person),
            ("hardest to read", percent(worst.accuracy), worst.person),
        ]),
        Text(people.data, "note"),
        *([Text(f"Not done: {', '.join(missing)}. To go on: gaze train --resume {people.folder}", "note")]
          if missing else []),
        Text(f"{MODELS[people.settings.model].title}. One network for each person, trained on all others."),
        Heading("Person by person"),
        Picture(light, dark, "How often the network that has never seen a person is right about that person."),
        table(people),
        Text("This person: all of their images. The others: images of the people it was trained on that it has not "
             "seen. The deviation is the standard deviation over people, with n - 1.", "soft"),
        Heading("Settings"),
        report.settings(people.settings),
        Heading("Data"),
        Text("With the first person left out:", "soft"),
        Code(_without(people, people.names[0], reading).describe()),
    ]  # fmt: skip
    page = document.to_html("Leave one person out", blocks, people.folder)
    with whole_file(people.folder / REPORT) as file:
        file.write_text(page, encoding="utf-8", errors="replace")


def _bars(people: People) -> Callable[[Figure, themes.Theme], None]:
    def paint(figure: Figure, theme: themes.Theme) -> None:
        axes = figure.subplots()
        scores = list(people.scores.values())
        accuracies = [100 * score.accuracy for score in scores]
        middle, spread = 100 * people.mean, 100 * people.deviation
        axes.axhspan(middle - spread, middle + spread, color=theme.soft, alpha=0.18, linewidth=0)
        axes.axhline(middle, color=theme.soft, linewidth=1.2, label="mean, and one standard deviation")
        places = range(len(scores))
        axes.bar(places, accuracies, width=0.62, color=theme.first, label="this person")
        for place, accuracy in zip(places, accuracies, strict=True):  # at the foot, where nothing else is
            axes.text(place, 3, f"{accuracy:.0f}", ha="center", color=theme.paper, fontsize=9)
        axes.set_xticks(places, [score.person for score in scores])
        axes.plot(places, [100 * score.same for score in scores], "o", color=theme.second, label="the others")
        ceilings = [(i, 100 * score.oracle) for i, score in enumerate(scores) if score.oracle is not None]
        if ceilings:
            axes.plot(
                *zip(*ceilings, strict=True), "_", color=theme.third, markersize=14, markeredgewidth=2, label="oracle"
            )
        axes.axhline(25, color=theme.soft, linestyle=":", linewidth=1, label="guessing")
        axes.set(ylim=(0, 100), ylabel="accuracy (%)", xlim=(-0.7, len(scores) - 0.3))
        themes.grid(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=5)

    return paint
