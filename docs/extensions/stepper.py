"""`{stepper} diamond`: the stepper of a ready-made walk, in the page; and a page in full size for each walk.

They are made when the site is, as `mg.trace(loss)` shows itself in a notebook, and as `Trace.to_html` writes it.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from minigrad.teach.script import DEMOS, demo, trace_script
from minigrad.teach.trace import Trace


class Stepper(SphinxDirective):
    required_arguments = 1  # the name of the walk

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        if name not in DEMOS:
            raise self.error(f"There is no walk {name!r}; there are {', '.join(DEMOS)}.")
        folder = self.env.app.builder.get_relative_uri(self.env.docname, "walks/index").removesuffix("index.html")
        links = " · ".join(f'<a href="{folder}{one}.html">{one}</a>' for one in DEMOS)
        return [nodes.raw("", f'{walk(name)._repr_html_()}\n<p class="walks">In full size: {links}</p>', format="html")]


def walk(name: str) -> Trace:
    return trace_script(demo(name), f"{name}.py")


def write_walks(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        folder = Path(app.outdir, "walks")
        folder.mkdir(exist_ok=True)
        for name in DEMOS:
            walk(name).to_html(folder / f"{name}.html")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("stepper", Stepper)
    app.connect("build-finished", write_walks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
