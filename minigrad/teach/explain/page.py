"""An explanation as HTML: a page that needs nothing else, or a piece of a notebook."""

from __future__ import annotations

import html
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.teach.explain.example import Example
from minigrad.teach.explain.explanation import Gradient
from minigrad.teach.explain.render import mathml_of
from minigrad.teach.explain.terminal import BY_HAND, by_hand, written

_STRING = r'"""[\s\S]*?"""|"[^"\n]*"'
_PYTHON = re.compile(rf"(?P<str>{_STRING})|(?P<com>#.*)|(?P<kw>\b(?:{'|'.join(keyword.kwlist)})\b)")

STYLE = """
.mg-explain { --ink: #1c2330; --quiet: #5c6675; --paper: #ffffff; --card: #f5f7fa; --line: #dfe4ea; --accent: #1b5fb4;
  --good: #14713d; --bad: #b3261e; --keyword: #8a3ab9; --text: #14713d; --comment: #6b7585;
  color: var(--ink); background: var(--paper); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  max-width: 46rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; box-sizing: border-box; }
@media (prefers-color-scheme: dark) { .mg-explain { --ink: #e4e8ee; --quiet: #9aa5b4; --paper: #14181f; --card: #1c222b;
  --line: #303947; --accent: #7db4ff; --good: #6bd08f; --bad: #ff8a80; --keyword: #cf9bf5; --text: #8fd6a8;
  --comment: #8793a3; } }
.mg-explain h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; }
.mg-explain h1 code { font-size: 1em; }
.mg-explain .title { color: var(--quiet); font-size: 1.1rem; margin: .2rem 0 1.4rem; }
.mg-explain h2 { font-size: 1.2rem; margin: 2.4rem 0 .8rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line); }
.mg-explain h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
.mg-explain p { margin: .6rem 0; }
.mg-explain math { font-size: 1.1em; }
.mg-explain .formula, .mg-explain .rule { background: var(--card); border-left: 3px solid var(--accent);
  border-radius: 0 8px 8px 0; padding: .8rem 1rem; overflow-x: auto; }
.mg-explain .formula { font-size: 1.15rem; }
.mg-explain ol { list-style: none; counter-reset: step; margin: 1rem 0; padding: 0; }
.mg-explain li { counter-increment: step; position: relative; padding: .15rem 0 .55rem 2.3rem; }
.mg-explain li::before { content: counter(step); position: absolute; left: 0; top: .2rem; width: 1.5rem; height: 1.5rem;
  border-radius: 50%; background: var(--card); color: var(--accent); font-size: .8rem; font-weight: 600;
  line-height: 1.5rem; text-align: center; }
.mg-explain li math { width: max-content; margin: 0; }
.mg-explain li .math { overflow-x: auto; padding: .35rem 0 .1rem; }
.mg-explain .quiet { color: var(--quiet); }
.mg-explain pre { background: var(--card); border-radius: 8px; padding: .8rem 1rem; margin: .6rem 0; overflow-x: auto;
  font: .85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: inherit; }
.mg-explain .arrays { display: flex; flex-wrap: wrap; gap: .6rem; }
.mg-explain .arrays > div { background: var(--card); border-radius: 8px; padding: .5rem .8rem .6rem;
  overflow-x: auto; max-width: 100%; box-sizing: border-box; }
.mg-explain .arrays b { display: block; font: 600 .85rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.mg-explain .arrays .shape { font-weight: 400; color: var(--quiet); }
.mg-explain .arrays pre { background: none; padding: 0; margin: 0; }
.mg-explain .planes { display: flex; flex-wrap: wrap; gap: .4rem 1rem; }
.mg-explain table.matrix { border-collapse: collapse; border: 0; margin: .3rem 0 0; border-radius: 6px;
  border-left: 1.5px solid var(--quiet); border-right: 1.5px solid var(--quiet);
  font: .85rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.mg-explain table.matrix td { padding: .05rem .5rem; text-align: right; border: 0; background: none; color: inherit; }
.mg-explain table.matrix td.picked { color: var(--accent); font-weight: 700; }
.mg-explain table.check { border-collapse: collapse; }
.mg-explain table.check td, .mg-explain table.check th { text-align: left; padding: .25rem 1.2rem .25rem 0;
  background: none; }
.mg-explain table.check th { font-weight: 500; color: var(--quiet); border-bottom: 1px solid var(--line); }
.mg-explain .good { color: var(--good); font-weight: 600; } .mg-explain .bad { color: var(--bad); font-weight: 600; }
.mg-explain .kw { color: var(--keyword); } .mg-explain .str { color: var(--text); }
.mg-explain .com { color: var(--comment); }
.mg-explain summary { cursor: pointer; font-weight: 600; margin-top: .8rem; }
@media (max-width: 480px) { .mg-explain { font-size: 15px; padding: 1rem .9rem 2rem; }
  .mg-explain math { font-size: 1.02em; } }
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>body {{ margin: 0; background: #fff; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14181f; }} }}</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(report: Any) -> str:
    """A whole page."""
    return PAGE.format(title=html.escape(f"{report.name}, explained"), body=fragment(report))


def fragment(report: Any) -> str:
    """What stands in the page, with its own style: for a notebook."""
    parts = [f"<style>{STYLE}</style>", *_head(report)]
    one = report.explanation
    if one is not None:
        parts += [_gradient(gradient) for gradient in one.gradients]
        if one.note or one.source:
            parts.append("<h2>Worth knowing</h2>")
        parts += [f"<p>{html.escape(one.note)}</p>"] if one.note else []
        parts += [f'<p class="quiet">Source: {html.escape(one.source)}.</p>'] if one.source else []
    if report.example is not None:
        parts.append(_example(report.example))
    parts.append("<h2>The code that runs</h2>")
    for place, (what, code) in enumerate(report.sources.items()):
        opened = " open" if place < 2 else ""
        parts.append(f"<details{opened}><summary>{html.escape(what)}</summary><pre>{coloured(code)}</pre></details>")
    return f'<div class="mg-explain">{"".join(parts)}</div>'


def _head(report: Any) -> list[str]:
    one = report.explanation
    name = f"<h1><code>{html.escape(report.name)}</code></h1>"
    if one is None:
        docs = [f"<pre>{html.escape(f.__doc__.strip())}</pre>" for f in (report.forward, report.backward) if f.__doc__]
        return [name, '<p class="title">An op of your own: it has no formula here.</p>', *docs]
    title = f'<p class="title">{html.escape(one.title)}</p>'
    formula = f'<div class="formula">{mathml_of(one.formula, block=True)}</div>'
    return [name, title, formula, f"<p>{html.escape(one.where)}</p>"]


def _gradient(gradient: Gradient) -> str:
    steps = "".join(f"<li>{html.escape(step.text)}{_math(step.math)}</li>" for step in gradient.steps)
    rule = f'<div class="rule">{mathml_of(gradient.rule, block=True)}</div>'
    return f"<h2>The gradient of <code>{html.escape(gradient.argument)}</code></h2>{rule}<ol>{steps}</ol>"


def _math(latex: str) -> str:
    return f'<div class="math">{mathml_of(latex, block=True)}</div>' if latex else ""


def _example(example: Example) -> str:
    settings = ", ".join(f"{word} = {written(value)}" for word, value in example.settings.items())
    parts = ["<h2>An example, worked out</h2>"]
    if settings:
        parts.append(f'<p class="quiet">With {html.escape(settings)}.</p>')
    parts.append(_arrays((*example.inputs, *example.outputs)))
    parts += ["<p>Let this come back:</p>", _arrays(example.upstream)]
    picked = {one.name: one.element for one in example.gradients}
    parts += ["<p>Then backward gives:</p>", _arrays([(one.name, one.analytic) for one in example.gradients], picked)]
    parts.append(f"<p>{BY_HAND}</p>")
    parts += [f"<pre>{html.escape(by_hand(one))}</pre>" for one in example.gradients]
    rows = "".join(
        f'<tr><td><code>{html.escape(one.name)}</code></td><td class="{"good" if one.agrees else "bad"}">'
        f"{'agrees' if one.agrees else 'differs'}</td><td>{one.difference:.1e}</td></tr>"
        for one in example.gradients
    )
    parts.append("<h2>Held against differences</h2>")
    parts.append("<p>The slopes by (f(x + h) - f(x - h)) / 2h, without the backward:</p>")
    parts.append(f'<table class="check"><tr><th>gradient</th><th></th><th>largest difference</th></tr>{rows}</table>')
    return "".join(parts)


def _arrays(named: Iterable[tuple[str, Any]], picked: Mapping[str, str] | None = None) -> str:
    """Arrays side by side. picked: the element to show of each, such as {"dx": "dx[0, 1]"}."""
    blocks = []
    for name, value in named:
        shape = f' <span class="shape">{value.shape}</span>' if isinstance(value, np.ndarray) and value.ndim else ""
        place = (picked or {}).get(name, "")[len(name) :]
        blocks.append(f"<div><b>{html.escape(name)}{shape}</b>{_array(value, place)}</div>")
    return f'<div class="arrays">{"".join(blocks)}</div>'


def _array(value: Any, place: str) -> str:
    """An array as tables, one for each matrix in it. place: of the element to show, such as "[0, 1]"."""
    if not isinstance(value, np.ndarray) or value.size == 0:
        return f"<pre>{html.escape(str(value))}</pre>"
    cells = [
        f'<td class="picked">{_cell(cell)}</td>' if str(list(index)) == place else f"<td>{_cell(cell)}</td>"
        for index, cell in np.ndenumerate(value)
    ]
    columns = value.shape[-1] if value.ndim else 1
    rows = ["<tr>" + "".join(cells[i : i + columns]) + "</tr>" for i in range(0, len(cells), columns)]
    height = value.shape[-2] if value.ndim > 1 else 1
    tables = ["".join(rows[i : i + height]) for i in range(0, len(rows), height)]
    return f'<div class="planes">{"".join(f"<table class=matrix>{table}</table>" for table in tables)}</div>'


def _cell(value: Any) -> str:
    return f"{np.round(value, 4) + 0.0:g}" if isinstance(value, np.floating) else str(value)


def coloured(code: str) -> str:
    """Python as HTML, with its strings, comments and keywords marked."""

    def marked(found: re.Match[str]) -> str:
        return f'<span class="{found.lastgroup}">{found[0]}</span>'

    return _PYTHON.sub(marked, html.escape(code, quote=False))
