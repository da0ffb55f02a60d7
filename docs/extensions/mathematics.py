"""Formulas as MathML, written into the pages when they are built.

Browsers draw MathML themselves, so a page needs no script, no font and no network for its formulas, and they stand
there at once. `minigrad explain` writes them with the same function.
"""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from minigrad.teach.explain.render import mathml_of
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

# The converter knows one of several environments that put equations under each other, and none without numbers but it.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|align|align\*|eqnarray|gathered|gather|gather\*)\}")
_NOT_UNDERSTOOD = re.compile(r"\\|<mi>&</mi>|linebreak=")


def mathml(node: nodes.Element, *, block: bool) -> str:
    """The formula of a node. A command that the converter does not know is a warning, and so fails the build."""
    latex = node.astext()
    try:
        markup = mathml_of(_ALIGNED.sub(r"\\\1{split}", latex), block=block)
    except Exception as error:
        logger.warning("The formula %r cannot be read as LaTeX: %s", latex, error, location=node)
        return f"<code>{html.escape(latex)}</code>"
    if _NOT_UNDERSTOOD.search(markup):
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
