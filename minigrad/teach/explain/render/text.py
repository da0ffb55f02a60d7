"""LaTeX as a line of Unicode, for the terminal: `\\frac{1}{2} x_i^2` as "1/2 xᵢ²".

The formula is read into atoms, each a piece of text of a kind (a word, a number, an operator, ...), and the kinds say
where a space belongs: around an operator, between two names, nowhere else. It reads the LaTeX that explanations use,
and says so if it meets a command that it does not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"\\(?:text|begin|end)\{[^{}]*\}|\\[A-Za-z]+\*?|\\.|\s+|[A-Za-z]|\d+(?:\.\d+)?|.", re.DOTALL)

_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "varepsilon": "ε",
    "lambda": "λ",
    "pi": "π",
    "sigma": "σ",
}
_WORDS = {**_GREEK, "varphi": "φ", "Phi": "Φ", "ell": "ℓ", "infty": "∞", "partial": "∂", "ldots": "…", "cdots": "⋯"}
_FUNCTION = re.compile("(arc)?(sin|cos|tan)h?|log|ln|exp|max|min")
_BIG = {"sum": "Σ", "prod": "Π", "int": "∫"}
_OPERATORS = {"cdot": "·", "odot": "⊙", "le": "≤", "ge": "≥", "ne": "≠", "in": "∈", "to": "→"}
_OPENING = {"lfloor": "⌊", "lceil": "⌈", "lvert": "|", "lVert": "‖", "{": "("}
_CLOSING = {"rfloor": "⌋", "rceil": "⌉", "rvert": "|", "rVert": "‖", "}": ")"}
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_SPACES = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "quad": "    ", "qquad": "      "}
_SIZES = {"left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr"}

_LETTERS = "abcdefghijklmnoprstuvwxyz"
_HIGH = dict(zip("0123456789+-=()T" + _LETTERS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵀᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_LOW = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))

# What needs no parentheses as a part of a fraction, or under a root: a number, or one name with its marks.
_MARKS = "[" + re.escape("".join({*_HIGH.values(), *_LOW.values()})) + "\u0300-\u036f]*"
_ONE_THING = re.compile(rf"\d+(\.\d+)?|√?\([^()]*\){_MARKS}|[√∂]?[^\W\d]\w*{_MARKS}(\[[^][]*\])?")


@dataclass
class _Atom:
    text: str
    kind: str  # word, number, fraction, operator, big, open, close, comma, text, space


def text_of(latex: str) -> str:
    """The formula as one line of text. Raises ValueError for a command that is not known."""
    return _joined(_Reader(latex).atoms())


class _Reader:
    """Goes through the tokens once, from left to right."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.tokens = [token for token in _TOKEN.findall(latex) if not token.isspace() or token == "\\ "]
        self.at = 0

    def atoms(self, *ends: str) -> list[_Atom]:
        """Everything up to one of `ends`, which is passed over."""
        found: list[_Atom] = []
        while self.at < len(self.tokens):
            token = self._next()
            if token in ends:
                return found
            self._take_in(token, found)
        if ends:
            raise ValueError(f"text_of: expected {' or '.join(ends)} before the end of {self.latex!r}.")
        return found

    def _take_in(self, token: str, found: list[_Atom]) -> None:
        """Add what a token stands for to what was found before it."""
        if token in "^_'" and not found:
            raise ValueError(f"text_of: nothing stands before {token} in {self.latex!r}.")
        if token == "'":
            found[-1].text += token
        elif token in "^_":
            self._script(found[-1], token)
        else:
            found += self._read(token)

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise ValueError(f"text_of: something is missing at the end of {self.latex!r}.")
        self.at += 1
        return self.tokens[self.at - 1]

    def _argument(self) -> str:
        token = self._next()
        return _joined(self.atoms("}") if token == "{" else self._read(token))

    def _read(self, token: str) -> list[_Atom]:
        """What one token, with its arguments, stands for."""
        if not token.startswith("\\"):
            return self.atoms("}") if token == "{" else [_plain(token)]
        if token.startswith("\\text{"):
            return [_Atom(token[6:-1], "text")]
        if token == r"\begin{cases}":
            return self._cases()
        command = token[1:]
        if command in ("mathit", "mathrm", "mathsf", "operatorname"):
            return [_Atom(self._argument().replace(" ", ""), "word")]
        if command in ("frac", "tfrac"):
            above, below = self._argument(), self._argument()
            return [_Atom(f"{_undivided(above)}/{_as_one(below)}", "fraction")]
        if command == "sqrt":
            return [_Atom(f"√{_as_one(self._argument())}", "word")]
        if command in _ACCENTS:
            return [_Atom(self._argument() + _ACCENTS[command], "word")]
        if command in _SIZES:
            return self._read(self._next())
        if command in _SPACES:
            return [_Atom(_SPACES[command], "text" if "quad" in command else "space")]
        if _FUNCTION.fullmatch(command):
            return [_Atom(command, "word")]
        tables = (_WORDS, "word"), (_OPERATORS, "operator"), (_BIG, "big"), (_OPENING, "open"), (_CLOSING, "close")
        for table, kind in tables:
            if command in table:
                return [_Atom(table[command], kind)]
        raise ValueError(f"text_of: the command {token} in {self.latex!r} is not known.")

    def _script(self, atom: _Atom, mark: str) -> None:
        """Put an exponent or an index at an atom: ² or ᵢ if there are such letters for it, else ^(...) or [...]."""
        script, small = self._argument(), _HIGH if mark == "^" else _LOW
        letters = script.replace(" ", "")
        if all(letter in small for letter in letters) and not re.search(r"\w \w", script):
            atom.text += "".join(small[letter] for letter in letters)
        elif mark == "_":
            atom.text += f"[{script}]"
        else:
            atom.text += f"^{script}" if _ONE_THING.fullmatch(script) else f"^({script})"
        if atom.kind == "number":
            atom.kind = "word"

    def _cases(self) -> list[_Atom]:
        r"""`\begin{cases} a & \text{where } b \\ c & \text{else} \end{cases}` as "a where b, c else"."""
        text: list[_Atom] = []
        while (token := self._next()) != r"\end{cases}":
            if token == r"\\":
                text.append(_Atom(", ", "text"))
            elif token == "&":
                text.append(_Atom(" ", "text"))
            else:
                self._take_in(token, text)
        return text


def _plain(character: str) -> _Atom:
    if character.isalpha():
        return _Atom(character, "word")
    if character[0].isdigit():
        return _Atom(character, "number")
    kinds = {"(": "open", "[": "open", ")": "close", "]": "close", ",": "comma", ";": "comma"}
    if character in kinds:
        return _Atom(character, kinds[character])
    return _Atom(character, "space" if character in "|/:.!" else "operator")


_APART = {
    *(
        (before, after)
        for before in ("word", "fraction", "close", "big")
        for after in ("word", "number", "fraction", "big")
    ),
    *(("number", "fraction"), ("number", "big"), ("fraction", "open"), ("close", "open"), ("big", "open")),
    *(("comma", after) for after in ("word", "number", "fraction", "big", "open", "text")),
}


def _joined(atoms: list[_Atom]) -> str:
    """The atoms in a line, with spaces where their kinds want them."""
    line, before = "", ""
    for number, atom in enumerate(atoms):
        after = atoms[number + 1].kind if number + 1 < len(atoms) else ""
        if atom.kind == "operator":
            is_sign = atom.text in "+-" and before in ("", "operator", "open", "comma", "text")
            line += atom.text if is_sign or not after else f" {atom.text} "
            before = "open" if is_sign else "operator"
            continue
        apart = (before, atom.kind) in _APART and not line.endswith(("∂", " "))
        line += f" {atom.text}" if apart else atom.text
        before = atom.kind
    return re.sub(r" {2,3}(?! )", " ", line).strip()


def _undivided(text: str) -> str:
    """What stands above a fraction's line: in parentheses if it is more than one factor."""
    return f"({text})" if " " in re.sub(r"\([^()]*\)|\[[^][]*\]", "", text) else text


def _as_one(text: str) -> str:
    return text if _ONE_THING.fullmatch(text) else f"({text})"
