"""An explanation as HTML: a page that needs nothing else, or a piece of a notebook.

The frame of the page, page.html, and the style of both, page.css, stand beside this file.
"""

from __future__ import annotations

import html
import keyword
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from minigrad.teach.explain.example import Example
from minigrad.teach.explain.explanation import Gradient
from minigrad.teach.explain.render import mathml_of
from minigrad.teach.explain.terminal import BY_HAND, by_hand, written

_STRING = r'"""[\s\S]*?"""|"[^"\n]*"'
_PYTHON = re.compile(rf"(?P<str>{_STRING})|(?P<com>#.*)|(?P<kw>\b(?:{'|'.join(keyword.kwlist)})\b)")


def page(report: Any) -> str:
    """A whole page."""
    return Template(_text("page.html")).substitute(
        title=html.escape(f"{report.name}, explained"), body=fragment(report)
    )


def fragment(report: Any) -> str:
    """What stands in the page, with its own style: for a notebook."""
    parts = [f"<style>{_text('page.css')}</style>", *_head(report)]
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


def _text(name: str) -> str:
    """One of the files beside this one."""
    return (files(__name__) / name).read_text("utf-8")


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
