"""The moving picture of README, docs/pictures/stepper.svg: `python docs/make_animation.py`.

It is the walk through the diamond, and all numbers in it are those of `mg.trace`. It moves by CSS alone, since a
repository browser shows it as an image, in which no script runs. Where motion is not wanted, or not known, it stands
still at the last scene, with all gradients there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from minigrad.teach.script import demo, trace_script
from minigrad.teach.trace import Trace

PICTURE = Path(__file__).parent / "pictures" / "stepper.svg"

WIDTH, HEIGHT = 640, 372
LEFT, RIGHT = 92, 616  # of the rows; left of them are the arcs
VALUE, GRADIENT, RECEIVED = 392, 506, 602  # where these columns end
HEAD, TOP, ROW = 66, 74, 46  # the line of the headings; where the rows begin, and how high one is
BELOW = 314  # the line on which the calculation stands

STYLE = """
  svg { --sheet: #ffffff; --ink: #1d2329; --soft: #5c6670; --line: #d9dde1; --tint: #f1f3f5;
    --forward: #0b62a8; --forward-tint: #e3f0fb; --backward: #b5470b; --backward-tint: #fdeee3; }
  @media (prefers-color-scheme: dark) { svg { --sheet: #1b1f24; --ink: #e6e9ec; --soft: #9aa5b0; --line: #3d4650;
    --tint: #242a30; --forward: #6db3f2; --forward-tint: #172c40; --backward: #f2995c; --backward-tint: #3a2415; } }
  text { font: 18px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
  .code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
  .name { font-weight: 600; } .small { font-size: 15px; fill: var(--soft); } .large { font-size: 24px; }
  .end { text-anchor: end; } .middle { text-anchor: middle; }
  .value, .op { fill: var(--forward); } .gradient { fill: var(--backward); }
  .sheet { fill: var(--sheet); stroke: var(--line); }
  .row { fill: var(--tint); }
  .now { fill: var(--forward-tint); stroke: var(--forward); }
  .now.back { fill: var(--backward-tint); stroke: var(--backward); }
  .arc { fill: none; stroke: var(--soft); stroke-opacity: 0.55; stroke-width: 1.5; }
  .arc.back { stroke: var(--backward); stroke-opacity: 1; stroke-width: 2.5; }
  .dot { fill: var(--backward); }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
"""


@dataclass(frozen=True)
class Scene:
    """What is to be seen for some seconds. `step` and `place` say which contribution it is about, if about one."""

    title: str
    seconds: float
    row: int | None = None  # the row that is looked at
    step: int | None = None
    place: int = 0


def scenes_of(trace: Trace) -> list[Scene]:
    """Forward writes the rows; backward starts at the last; each step sends its contributions; the end."""
    scenes = [Scene("Forward writes the tape, from top to bottom", 1.4, row["row"]) for row in trace.rows]
    scenes.append(Scene(f"Backward reads it from bottom to top, from {trace.name}", 2.4, trace.rows[-1]["row"]))
    for step in trace.steps:
        title = f"Backward, step {step['step'] + 1} of {len(trace)}: {step['op']}"
        wanted = [place for place, one in enumerate(step["inputs"]) if one["wants"]]
        scenes += [Scene(title, 3.0, step["row"], step["step"], place) for place in wanted]
    return [*scenes, Scene("Done: what came back along each way is added up", 5.0)]


class Film:
    """Elements that are to be seen from one moment to another, and the style that shows them then.

    A moment is counted in scenes: 2 is when scene 2 begins, and 2.5 is its middle.
    """

    def __init__(self, scenes: list[Scene]) -> None:
        self.scenes = scenes
        self.length = sum(scene.seconds for scene in scenes)
        self.rules: dict[str, str] = {}
        self.under: list[str] = []
        self.elements: list[str] = []

    def show(self, element: str, start: float, end: float | None = None, under: bool = False) -> None:
        """Add an element that is there from one moment to another, or to the end; `under` the others, if so."""
        end = len(self.scenes) if end is None else end
        name = f"from{start:g}to{end:g}".replace(".", "-")
        self.rules[name] = self._appears(name, start, end)
        (self.under if under else self.elements).append(f'<g class="{name}">{element}</g>')

    def move(self, path: str, scene: int) -> None:
        """Add a dot that goes along a path in the first half of a scene."""
        name = f"dot{scene}"
        start, end = self._percent(scene + 0.1), self._percent(scene + 0.5)
        self.rules[name] = (
            f"  .{name} {{ opacity: 0; offset-path: path('{path}'); animation: {name} {self.length:g}s infinite; }}\n"
            f"  @keyframes {name} {{ 0%, {start:.2f}% {{ offset-distance: 0%; opacity: 0; }} "
            f"{start + 0.2:.2f}% {{ opacity: 1; }} {end:.2f}% {{ offset-distance: 100%; opacity: 1; }} "
            f"{end + 1:.2f}%, 100% {{ offset-distance: 100%; opacity: 0; }} }}"
        )
        self.elements.append(f'<circle class="dot {name}" r="6"/>')

    def _percent(self, moment: float) -> float:
        """When that is, in per cent of the film."""
        scene = int(moment)
        seconds = sum(one.seconds for one in self.scenes[:scene])
        seconds += (moment - scene) * self.scenes[scene].seconds if moment > scene else 0
        return 100 * seconds / self.length

    def _appears(self, name: str, start: float, end: float) -> str:
        """Fades in after its start and out after its end. What is there at the end of the film is there without it."""
        fade, last = 100 * 0.3 / self.length, end == len(self.scenes)
        begins, ends = self._percent(start), self._percent(end) - fade * last
        before = f"0%, {begins:.2f}% {{ opacity: 0; }} {begins + fade:.2f}%," if start else "0%,"
        after = "100%" if last else f"{ends + fade:.2f}%, 100%"
        return (
            f"  .{name} {{ opacity: {int(last)}; animation: {name} {self.length:g}s infinite; }}\n"
            f"  @keyframes {name} {{ {before} {ends:.2f}% {{ opacity: 1; }} {after} {{ opacity: 0; }} }}"
        )


def text(x: float, y: float, content: str, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{style}">{escape(content)}</text>'


def number(array: dict[str, Any]) -> str:
    """A scalar of the trace."""
    return f"{array['values'][0]:g}"


def middle(row: int) -> float:
    return TOP + ROW * row + ROW / 2


def arc(row: int, argument: int, place: int) -> str:
    """From a row up to the one that it took its argument from, in the order in which a gradient goes."""
    bulge = 22 + 20 * (row - argument - 1) + 14 * place
    start, end, x = middle(row) - 4, middle(argument) + 4, LEFT - 4
    return f"M{x},{start:g} C{x - bulge},{start:g} {x - bulge},{end:g} {x},{end:g}"


def frame(row: int, style: str) -> str:
    return (
        f'<rect x="{LEFT}" y="{TOP + ROW * row + 3}" width="{RIGHT - LEFT}" height="{ROW - 6}" rx="8" class="{style}"/>'
    )


def draw_titles(film: Film) -> None:
    titles = [scene.title for scene in film.scenes]
    for title in dict.fromkeys(titles):
        first = titles.index(title)
        film.show(text(LEFT, 36, title, "name"), first, first + titles.count(title))


def draw_forward(film: Film, trace: Trace) -> None:
    film.show(text(VALUE, HEAD, "value", "small end"), 0)
    for row in trace.rows:
        here, y = row["row"], middle(row["row"]) + 6
        (out,) = row["outputs"]
        arcs = [f'<path d="{arc(here, one["row"], place)}" class="arc"/>' for place, one in enumerate(row["arguments"])]
        film.show(frame(here, "row") + "".join(arcs), here, under=True)
        film.show(frame(here, "now"), here, here + 1, under=True)
        names = ", ".join(trace.rows[one["row"]]["outputs"][0]["name"] for one in row["arguments"])
        op = text(LEFT + 88, y, f"{row['op']}({names})" if names else "leaf", "code op" if names else "small")
        film.show(text(LEFT + 16, y, out["name"], "code name") + op, here)
        film.show(text(VALUE, y, number(out["value"]), "code value end"), here)
        say = row["source"] or f"{out['name']} = {number(out['value'])}"
        film.show(text(WIDTH / 2, BELOW, say, "code large middle"), here, here + 1)


def draw_backward(film: Film, trace: Trace) -> None:
    starts, end = len(trace.rows), trace.rows[-1]["row"]  # the scene in which it starts, and the row
    film.show(text(GRADIENT, HEAD, "gradient", "small end") + text(RECEIVED, HEAD, "received", "small end"), starts)
    first = number(trace.steps[0]["upstream"][0])
    film.show(
        text(WIDTH / 2, BELOW, f"d{trace.name}/d{trace.name} = {first}", "code large middle gradient"),
        starts,
        starts + 1,
    )
    # For each row its gradient from time to time: since when, what, and how many of its contributions that is.
    gradients: dict[int, list[tuple[float, str, str]]] = {end: [(starts, first, "")]}
    for scene, what in enumerate(film.scenes):
        if what.row is not None and scene >= starts:
            film.show(frame(what.row, "now back"), scene, scene + 1, under=True)
        if what.step is None:
            continue
        one = trace.steps[what.step]["inputs"][what.place]
        path = arc(what.row, one["row"], what.place)
        film.show(f'<path d="{path}" class="arc back"/>', scene, scene + 1)
        film.move(path, scene)
        film.show(product(one), scene, scene + 1)
        film.show(total(one), scene + 0.5, scene + 1)
        received = f"{one['received']} of {one['of']}"
        gradients.setdefault(one["row"], []).append((scene + 0.5, number(one["after"]), received))
    for row, stages in gradients.items():
        y, ends = middle(row) + 6, [*[stage[0] for stage in stages[1:]], None]
        for (since, gradient, received), until in zip(stages, ends, strict=True):
            words = text(GRADIENT, y, gradient, "code name gradient end") + text(RECEIVED, y, received, "small end")
            film.show(words, since, until)


def product(one: dict[str, Any]) -> str:
    """Upstream x local = contribution."""
    (term,) = one["sums"][0]["terms"]
    tokens = [f"{term['upstream']:g}", "×", f"{term['local']:g}", "=", number(one["contribution"])]
    return calculation((66, 116, 162, 208, 276), tokens, ("upstream", "", "local", "", "contribution"))


def total(one: dict[str, Any]) -> str:
    """What was there before + contribution = what is there now; there is no 0 before the first."""
    places, labels = (396, 444, 488, 530, 578), (f"{one['name']} so far", "", "", "", f"{one['name']} now")
    if one["before"] is None:
        return calculation(places, ["—", "", "→", "", number(one["after"])], labels)
    return calculation(
        places, [number(one["before"]), "+", number(one["contribution"]), "=", number(one["after"])], labels
    )


def calculation(places: Sequence[int], tokens: Sequence[str], labels: Sequence[str]) -> str:
    """Tokens side by side, with a word under some."""
    colours = ["" if token in {"×", "=", "+", "→", "—", ""} else " gradient" for token in tokens]
    line = [
        text(x, BELOW, token, f"code large middle{colour}")
        for x, token, colour in zip(places, tokens, colours, strict=True)
    ]
    return "".join(
        line + [text(x, BELOW + 27, label, "small middle") for x, label in zip(places, labels, strict=True) if label]
    )


def draw_end(film: Film, trace: Trace) -> None:
    (leaf,) = trace.gradients
    result = f"{leaf['name']}.grad = {number(leaf['gradient'])}"
    measured = f"measured by finite differences: {leaf['check']['slope']:.4f}"
    words = text(WIDTH / 2, BELOW, result, "code large middle gradient")
    film.show(words + text(WIDTH / 2, BELOW + 27, measured, "small middle"), len(film.scenes) - 1)


def picture() -> str:
    trace = trace_script(demo("diamond"), "diamond.py")
    film = Film(scenes_of(trace))
    draw_titles(film)
    draw_forward(film, trace)
    draw_backward(film, trace)
    draw_end(film, trace)
    rules = "\n".join(film.rules.values())
    body = "\n".join(film.under + film.elements)
    end = number(trace.gradients[0]["gradient"])
    says = f"The tape of b = a + a, c = b + b * a: written forwards, and read backwards until a.grad is {end}."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{says}">\n<style>{STYLE}{rules}\n</style>\n'
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="12" class="sheet"/>\n'
        f"{body}\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
