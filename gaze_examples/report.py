"""The page of a run: one self-contained HTML file with its scores, pictures, settings and one step of its tape."""

from __future__ import annotations

import base64
import html
from dataclasses import asdict
from pathlib import Path

import minigrad as mg
from gaze_examples.batches import loader
from gaze_examples.data import GazeData
from gaze_examples.models import MODELS
from gaze_examples.runs import Result
from minigrad.teach.graph import NoGraphviz

PARTS = {
    "train": ("training", "what it learned from"),
    "val": ("validation", "same people; chose which epoch to keep"),
    "test": ("test, same people", "people it was trained on, images it never saw"),
    "new": ("test, new people", "people it never saw"),
}

SETTING_NAMES = {"lr": "learning rate"}

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --paper: #ffffff; --tint: #f6f8fa;
        --accent: #2a6fbb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --paper: #0d1117;
        --tint: #151b23; --accent: #6cb0f5; } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
       margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
.soft, figcaption { color: var(--soft); } p { margin: .5rem 0; }
.scores { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.6rem 0; }
.score { border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1.2rem; flex: 1 1 12rem; }
.score b { display: block; font-size: 2rem; color: var(--accent); font-variant-numeric: tabular-nums; }
.note { border-left: 4px solid #d9602b; background: var(--tint); padding: .6rem 1rem; border-radius: 0 8px 8px 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { white-space: nowrap; vertical-align: top; text-align: left;
         padding: .3rem 1.4rem .3rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; } td.wrap { white-space: normal; }
figure { margin: 0; overflow-x: auto; }
img { box-sizing: border-box; max-width: 100%; min-width: 34rem; background: #fff; border-radius: 8px;
      border: 1px solid var(--line); }
svg { max-width: 100%; height: auto; }
pre { background: var(--tint); padding: .9rem 1.1rem; border-radius: 8px; overflow-x: auto; font-size: .8rem; }
"""


def page(result: Result, data: GazeData, *, curves: Path, confusion: Path) -> str:
    """The HTML of the report, with the two pictures inside it."""
    recipe = MODELS[result.settings.model]
    parameters = sum(parameter.numel() for parameter in result.model.parameters())
    best, history = result.history.best, result.history
    kept = f"The weights of epoch {best.epoch} of {len(history)} were kept, the best on validation." if best else ""
    stopped = " Training was stopped early with Ctrl-C." if history.interrupted else ""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>gaze: {html.escape(result.settings.model)}</title><style>{STYLE}</style></head><body>
<h1>{html.escape(recipe.title)}</h1>
<p class="soft">{parameters:,} parameters. Which quarter of the screen do these eyes look at? Guessing is right 25 % of
the time.</p>
{_headline(result, data)}
<p class="note">{html.escape(data.split.train.source)}</p>
<h2>Scores</h2>
<div class="wide">{_score_table(result, data)}</div>
<h2>Training</h2>
<p>{kept}{stopped}</p>
{picture(curves, "Loss and accuracy over the epochs. Training numbers are averages over an epoch.")}
<h2>What it takes for what</h2>
{picture(confusion, "Of the eyes that look at a row's quadrant, the share that was taken for the column's, in %.")}
<h2>The network</h2>
<p class="soft">What one image goes through, and what shape it has on the way.</p>
{_network(result, data)}
<h2>One training step, as the tape saw it</h2>
<p class="soft">Forward, from the top down; backward goes up again, and |gradient| is the norm of what arrived at each
step's result.</p>
<pre>{html.escape(str(result.step))}</pre>
<h2>Data</h2>
<pre>{html.escape(data.describe())}</pre>
<h2>Settings</h2>
<div class="wide">{_settings_table(result)}</div>
</body></html>
"""


def _headline(result: Result, data: GazeData) -> str:
    cards = []
    for part in ("test", "new"):
        if part in result.scores:
            oracle = data.oracle_accuracy(part)
            ceiling = "" if oracle is None else f" <span class='soft'>(an oracle gets {100 * oracle:.0f} %)</span>"
            cards.append(
                f'<div class="score">{PARTS[part][0]}<b>{100 * result.scores[part].accuracy:.1f} %</b>{ceiling}</div>'
            )
    return f'<div class="scores">{"".join(cards)}</div>'


def _network(result: Result, data: GazeData) -> str:
    """The graph of the network on one image, its modules as boxes; where Graphviz is missing, how to install it."""
    model, part = result.model, data.split.train
    image, _ = next(iter(loader(part, data.labels["train"], 1, mg.device(result.settings.device))))
    was_training = model.training
    model.eval()  # batch-norm makes no statistics of one image
    try:
        return f"<figure>{mg.graph(model, image, depth=1, show_values=False).to_svg()}</figure>"
    except NoGraphviz as error:
        return f"<p>{html.escape(str(error))}</p>"
    finally:
        model.train(was_training)


def _score_table(result: Result, data: GazeData) -> str:
    rows = []
    for part, score in result.scores.items():
        oracle = data.oracle_accuracy(part)
        rows.append(
            f'<tr><td>{PARTS[part][0]}</td><td class="number">{len(score.labels):,}</td>'
            f'<td class="number">{100 * score.accuracy:.1f} %</td><td class="number">{score.loss:.3f}</td>'
            f'<td class="number">{"—" if oracle is None else f"{100 * oracle:.1f} %"}</td>'
            f'<td class="soft">{PARTS[part][1]}</td></tr>'
        )
    head = "".join(f'<th class="number">{name}</th>' for name in ("images", "accuracy", "loss", "oracle"))
    return f"<table><tr><th>part</th>{head}<th></th></tr>{''.join(rows)}</table>"


def _settings_table(result: Result) -> str:
    rows = [
        f"<tr><td>{SETTING_NAMES.get(name, name.replace('_', ' '))}</td><td>{html.escape(str(value))}</td></tr>"
        for name, value in (asdict(result.settings) | {"start": result.settings.start or "fresh weights"}).items()
    ]
    return f"<table>{''.join(rows)}</table>"


def picture(path: Path, caption: str) -> str:
    """A PNG file as HTML, inside the page."""
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{html.escape(caption)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
