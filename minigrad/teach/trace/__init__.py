"""`mg.trace(loss)`: a backward pass, written down step by step, as plain data."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Iterable
from typing import Any

from minigrad.tape import users_frame
from minigrad.teach.colours import Colours, colours_for
from minigrad.teach.graph import NoGraphviz, graph_of_rows
from minigrad.teach.names import Scope, scopes_at
from minigrad.teach.rows import read
from minigrad.teach.trace.data import plain_row
from minigrad.teach.trace.page import html_of
from minigrad.teach.trace.rules import Rules, rules_of
from minigrad.teach.trace.terminal import result_as_text, step_as_text
from minigrad.teach.trace.walk import Walk, is_finite
from minigrad.tensor import Tensor, node_with_graph, upstream_of
from minigrad.whole_file import whole_file

DRAWN = 200  # rows, up to which the page has a drawing of the graph


def trace(loss: Tensor, gradient: Tensor | None = None) -> Trace:
    """The backward pass from `loss`, step by step. No gradient is changed, and nothing is freed.

    gradient: the upstream gradient, of `loss`'s shape; for a tensor of one element it is 1 if not given.

    Inside `with mg.Tape():` every value is kept, to be shown and to be held against finite differences:

    >>> with mg.Tape():
    ...     loss = F.cross_entropy(net(x), y)
    >>> trace = mg.trace(loss)
    >>> trace.show()  # in the terminal
    >>> trace.to_html("trace.html")  # in the browser

    RuntimeError: for a tensor without a graph, for a leaf, and for a graph that backward() has used up, unless a Tape
    kept what it takes to go through it again.
    """
    if not isinstance(loss, Tensor):
        raise TypeError(f"trace: expected a Tensor, such as a loss, got {type(loss).__name__}.")
    return Trace(loss, gradient, scopes_at(users_frame()))


class Trace:
    """A backward pass as plain data; `json.dumps(trace.steps)` works.

    Arrays are as `plain` gives them. None is "no gradient yet", or for a value "not kept".

    steps: one dict for each record, in the order of backward:
        step, row: its place in that order, and among the rows. op, module, file, line, source: what ran, where.
        pair: which of the library's pairs it was, as `linear.fc`; "" for an op of the user's own, whatever its name.
        outputs: of the op, each {name, shape, dtype, value}. upstream: for each output the gradient that arrived.
        came: for each output, whose contributions that is the sum of: pairs of a step and one of its inputs.
        checks: for each output, its gradient beside the measured slope, {place, gradient, slope, verdict}, or None.
        inputs: for each argument
            argument, name, row, output, kind, shape, dtype, value, constant: what it is.
            wants: whether a gradient goes to it; if not, that is all. rule, rule_text: how, in LaTeX and in plain text.
            contribution: upstream x local. sums: elements of it taken apart, each {place, terms, others, rest, total}
                with terms {output, place, upstream, local, product}.
            summed: None, or {axes, from, to, total} where the argument had been broadcast.
            before, after: the gradient of that value so far, and now. received, of: how many contributions it has.
        cache: what forward had kept for this, each {name, value}.
        waiting: the values that have got some contributions and not yet all, each {row, output, name, received, of}.
        not_finite: where in this step the first NaN or Inf of the whole pass is; "" otherwise.
    rows: the forward pass, leaves and ops, each {row, kind, op, pair, module, file, line, source, outputs, arguments,
        users, window, not_finite}; the last two say how a convolution's windows lie, and whether the first NaN or Inf
        is here.
    gradients: of the leaves, each {row, name, gradient, check, hooked, before, after}: what backward() would add to
        `.grad`. hooked: whether it is what a hook made of that which the steps add up.
    is_kept: whether a tape kept all values.
    """

    def __init__(self, loss: Tensor, gradient: Tensor | None, scopes: Iterable[Scope]) -> None:
        node_with_graph(loss, "trace")
        if loss.record is None:
            raise RuntimeError(
                f"trace: this tensor (shape {loss.shape}) is a leaf. No op made it, so there is no step to show: "
                "give a result, such as the loss."
            )
        rows = read([loss], scopes)
        walk = Walk(loss, upstream_of(loss, gradient, "trace"), rows)
        self.name: str = rows[-1].outputs[walk.start[1]].name
        self.rows: list[dict[str, Any]] = [{**plain_row(row), "not_finite": ""} for row in rows]
        self.steps: list[dict[str, Any]] = walk.steps
        self.gradients: list[dict[str, Any]] = walk.gradients
        records = [row.record for row in rows if row.kind == "op"]
        self.is_kept = all(record.kept is not None for record in records)
        first = next((row for row in rows if any(not is_finite(value.array) for value in row.outputs)), None)
        if first is not None:
            self.rows[first.index]["not_finite"] = "the first NaN or Inf of the forward pass is here"
        found = [rules_of(op) for op in {record.op for record in records}]
        self._rules: dict[str, Rules] = {rules.pair: rules for rules in found if rules is not None}
        self._graph = graph_of_rows(rows, show_grads=False) if len(rows) <= DRAWN else None

    def show(self, step: int | None = None) -> None:
        """Print a step, or all of them and the gradients that they add up; in colour in a terminal."""
        colours = colours_for(sys.stdout)
        if step is not None:
            print(step_as_text(self, self._checked(step), colours))
        else:
            print(self.as_text(colours))

    def as_text(self, colours: Colours | None = None) -> str:
        """All steps as text, and the gradients that they add up."""
        colours = colours or Colours(on=False)
        texts = [step_as_text(self, number, colours) for number in range(len(self.steps))]
        return "\n\n".join([*texts, result_as_text(self, colours)])

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page: one file that needs no network, to be opened in a browser."""
        page = self._page()
        with whole_file(path) as file:
            file.write_text(page, "utf-8", "backslashreplace")

    def _page(self) -> str:
        data = {
            "name": self.name,
            "rows": self.rows,
            "steps": self.steps,
            "gradients": self.gradients,
            "is_kept": self.is_kept,
            "rules": {pair: _plain_rules(rules) for pair, rules in self._rules.items()},
            "graph": self._drawing(),
        }
        return html_of(f"Backward pass of {self.name}", data)

    def _drawing(self) -> str:
        """The graph as SVG, whose nodes have the ids of the rows; "" where Graphviz is not installed."""
        try:
            return self._graph.to_svg() if self._graph is not None else ""
        except NoGraphviz:
            return ""

    def _checked(self, step: int) -> int:
        if not -len(self.steps) <= step < len(self.steps):
            raise IndexError(f"trace: there are steps 0..{len(self.steps) - 1}, got {step}.")
        return step % len(self.steps)

    def _repr_html_(self) -> str:
        """For notebooks: the page in a frame. It never raises."""
        try:
            content = html.escape(self._page())
        except Exception as error:
            return f"<pre>{html.escape(f'{self!r} could not be shown: {error}')}</pre>"
        return f'<iframe srcdoc="{content}" style="width: 100%; height: 46rem; border: 1px solid #8884"></iframe>'

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<trace of {self.name}: {len(self.steps)} steps back to {len(self.gradients)} leaves>"


def _plain_rules(rules: Rules) -> dict[str, Any]:
    """What the page says in symbols of an op."""
    gradients = {
        name: {"html": formula.html, "text": formula.text, "local": rules.locals[name]}
        for name, formula in rules.gradients.items()
    }
    return {"formula": {"html": rules.formula.html, "text": rules.formula.text}, "gradients": gradients}
