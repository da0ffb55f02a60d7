"""Formulas as MathML, written into the pages when they are built.

Browsers draw MathML themselves, so a page needs no script, no font and no network for its formulas, and they stand
there at once. `minigrad explain` writes them with the same function.
"""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from latex2mathml.commands import MATRICES
from sphinx.application import Sphinx
from sphinx.util import logging

from minigrad.teach.explain.render import mathml_of

logger = logging.getLogger(__name__)

# Of the environments that put equations under each other the converter knows `split`, and `align` with numbers.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|align|align\*|eqnarray|gathered|gather|gather\*)\}")
_BAR = re.compile(r"<mo>(&#x02016;|&#x0007C;)</mo>")  # of \lvert, \lVert; a browser lets them grow
_NOT_UNDERSTOOD = re.compile(r"\\|<mi>&</mi>|linebreak=")
_ENVIRONMENT = re.compile(r"\\begin\{([^}]*)\}")
_ENVIRONMENTS = {name.removeprefix("\\") for name in MATRICES}


def mathml(node: nodes.Element, *, block: bool) -> str:
    """The formula of a node. A command that the converter does not know is a warning, and so fails the build."""
    latex = _ALIGNED.sub(r"\\\1{split}", node.astext())
    try:
        markup = mathml_of(latex, block=block)
    except Exception as error:
        logger.warning("The formula %r cannot be read as LaTeX: %s", latex, error, location=node)
        return f"<code>{html.escape(latex)}</code>"
    markup = _BAR.sub(r'<mo stretchy="false">\1</mo>', markup)
    unknown = set(_ENVIRONMENT.findall(latex)) - _ENVIRONMENTS
    if unknown or _NOT_UNDERSTOOD.search(markup):
        logger.warning("The formula %r has something in it that becomes no MathML here.", latex, location=node)
    return markup


def visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(f'<span class="math">{mathml(node, block=False)}</span>')
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    ids = "".join(f' id="{name}"' for name in node["ids"][:1])
    translator.body.append(f'<div class="math"{ids}>{mathml(node, block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
