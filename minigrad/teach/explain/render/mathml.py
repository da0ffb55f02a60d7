"""LaTeX as MathML, which browsers draw themselves: a page needs no script and no network for its formulas."""

from __future__ import annotations

import functools
import re

_LETTERS = re.compile(r'<mrow>((?:<mi mathvariant="italic">[^<]</mi>)+)</mrow>')
_FUNCTION = r"<mi>[a-z]{2,}</mi>"
_FUNCTION_OF = re.compile(rf"({_FUNCTION}|<msu[bp]>{_FUNCTION}<mn>\d+</mn></msu[bp]>)(?=<m(?!o[^>]*>&#x00028;))")


@functools.cache
def mathml_of(latex: str, *, block: bool = False) -> str:
    """The formula as a `<math>` element, in a line of text or as a `block` of its own."""
    from latex2mathml.converter import convert  # which takes a moment to load, and a terminal does not need it

    markup = convert(latex, display="block" if block else "inline")
    # Browsers draw a name of several letters upright, and each letter alone as a factor: so it is one, made italic.
    markup = _LETTERS.sub(lambda name: f'<mi style="font-style: italic">{re.sub("<[^>]*>", "", name[1])}</mi>', markup)
    markup = re.sub("<mo>([a-z]{2,})</mo>", r"<mi>\1</mi>", markup)  # as an operator it would keep its distance
    markup = _FUNCTION_OF.sub(r'\1<mspace width="0.17em"/>', markup)  # log x, but log(x)
    return markup.replace('mathvariant="sans-serif"', 'mathvariant="normal"')  # the only other variant that they know
