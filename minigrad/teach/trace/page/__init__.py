"""The page of a trace: one HTML file that needs nothing but a browser, from disk and without a network.

The page itself stands in the files beside this one: page.html, page.css, and in JavaScript arrays.js (numbers and
heat-maps), windows.js (what an output element was computed from), tape.js (the list with its arcs), steps.js (what is
told of a step) and main.js (how to move). Here they are put together with the trace's data.
"""

from __future__ import annotations

import html
import json
from importlib.resources import files
from string import Template
from typing import Any

SCRIPTS = ("arrays.js", "windows.js", "tape.js", "steps.js", "main.js")


def html_of(title: str, data: dict[str, Any]) -> str:
    """The page as text. data: all that it shows, as `Trace` gathers it."""
    here = files(__name__)
    # In a script element only "</" could end the data early, and "<!--" could change how it is read.
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    script = "".join((here / name).read_text("utf-8") for name in SCRIPTS)
    return Template((here / "page.html").read_text("utf-8")).substitute(
        title=html.escape(title),
        style=(here / "page.css").read_text("utf-8"),
        data=text,
        script='const DATA = JSON.parse(document.getElementById("data").textContent);\n' + script,
    )
