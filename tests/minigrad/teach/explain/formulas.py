"""A formula as `text_of` writes it, calculated: so that a test can say whether it is true."""

from __future__ import annotations

import math
import re

from minigrad.teach.explain.render.text import _HIGH, _LOW

FUNCTIONS = {
    **{name: getattr(math, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "atan2", "trunc")},
    "ln": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "abs": abs,
    "floor": math.floor,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "arsinh": math.asinh,
    "arcosh": math.acosh,
    "artanh": math.atanh,
    "ceil": math.ceil,
    "max": max,
    "min": min,
    "sign": lambda x: (x > 0) - (x < 0),
    "round": round,
    "σ": lambda x: 1 / (1 + math.exp(-x)),
    "Φ": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
    "φ": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
}
CONSTANTS = {"e": math.e, "π": math.pi}
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d]\w*'?|\*\*|[<>=]=|.")
_HIGH_LETTERS = {high: low for low, high in _HIGH.items()}
_LOW_LETTERS = {low: plain for plain, low in _LOW.items()}


def value_of(text: str, **names: float) -> float:
    """The value of a formula at the given numbers. `sin x`, `2 x y`, `x²`, `[x > 0]`, `a where b, c elsewhere`."""
    if found := re.fullmatch("(.*) where (.*), (.*) elsewhere", text):
        yes, condition, no = found.groups()
        return value_of(yes if value_of(f"[{condition}]", **names) else no, **names)
    known = {**CONSTANTS, **names, **{name: one for name, one in FUNCTIONS.items() if name not in names}}
    return float(eval(_python(text, known), {}, {name.replace("'", "_"): one for name, one in known.items()}))


def _python(text: str, known: dict) -> str:
    text = re.sub(f"log([{''.join(_LOW_LETTERS)}]+)", lambda m: "log" + "".join(map(_LOW_LETTERS.get, m[1])), text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text).replace("⌊", "floor(").replace("⌈", "ceil(")
    text = re.sub("[⌋⌉]", ")", text)
    text = re.sub("[≤]", "<=", text).replace("≥", ">=").replace("^", "**").replace("·", "*").replace("⊙", "*")
    text = re.sub(r"√(\w+)", r"sqrt(\1)", text).replace("√", "sqrt")
    text = re.sub(r"\[([^][]*)\]", lambda m: f"(1.0 * ({m[1].replace(' = ', ' == ')}))", text)
    high = "".join(_HIGH_LETTERS)
    raised = rf"(\b\w*[^\W\d{high}])([{high}]+) (\w+)"  # sin² x is (sin x)²
    text = re.sub(raised, lambda m: f"{m[1]}({m[3]}){m[2]}" if m[1] in FUNCTIONS else m[0], text)
    text = re.sub(rf"[{high}]+", lambda m: f"**({''.join(map(_HIGH_LETTERS.get, m[0]))})", text)
    text = re.sub(rf"\b({'|'.join(FUNCTIONS)}) (\w+(?:\([^()]*\))?)", r"\1(\2)", text)
    written, before = "", ""
    for token in _TOKEN.findall(text):
        if token.isspace():
            continue
        ends = before == ")" or before[:1].isdigit() or (before in known and not callable(known[before]))
        begins = token == "(" or token[0].isalnum()
        written += ("*" if ends and begins else "") + token.replace("'", "_")
        before = token
    return written
