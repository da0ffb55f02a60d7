"""A trace as text: the steps that the page shows, for the terminal."""

from __future__ import annotations

import math
import sys
from typing import Any

from minigrad.teach.colours import Colours, colours_for

INLINE = 6  # elements that are written in a line

MARKS = {"agrees": "✓", "differs": "✗", "kink": "∧"}


def step_as_text(trace: Any, number: int, colours: Colours) -> str:
    """One step: what ran, what arrived, and for each argument upstream x local = contribution, before + it = after."""
    step = trace.steps[number]
    title = f"step {number + 1} of {len(trace.steps)}"
    place = f"{step['file']}:{step['line']}" if step["file"] else ""
    module = f"  in {step['module']}" if step["module"] else ""
    lines = [
        f"{colours.strong(title)}  {colours.op(step['op'])}{module}   {step['source']}  {colours.faint(place)}".rstrip()
    ]
    lines += [_upstream(step, i, colours) for i in range(len(step["outputs"]))]
    for given in step["inputs"]:
        lines += _input(step, given, colours)
    if step["not_finite"]:
        lines.append("  " + colours.bad(step["not_finite"]))
    if step["waiting"]:
        waits = ", ".join(f"{one['name']} (has {one['received']} of {one['of']})" for one in step["waiting"])
        lines.append(colours.faint(f"  still waiting for contributions: {waits}"))
    return "\n".join(lines)


def result_as_text(trace: Any, colours: Colours) -> str:
    """What backward() adds to the `.grad` of each leaf."""
    lines = [colours.strong(f"what backward() adds to .grad, {len(trace.gradients)} in all")]
    width = max((len(one["name"]) for one in trace.gradients), default=0)
    for one in trace.gradients:
        hook = colours.faint("   what a hook made of it") if one["hooked"] else ""
        lines.append(f"  {one['name']:{width}}  {array_as_text(one['gradient'])}{hook}{_badge(one['check'], colours)}")
    for row in trace.rows:
        if row["not_finite"]:
            lines.append("  " + colours.bad(f"{row['outputs'][0]['name']}: {row['not_finite']}"))
    if not trace.is_kept:
        lines.append(colours.faint("  Values that are not kept are there inside `with mg.Tape():`, and are checked."))
    return "\n".join(lines)


def show(trace: Any) -> None:
    """Walk where there is somebody to ask; else, all steps at once."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        _walk(trace, colours_for(sys.stdout))
    else:
        trace.show()


def _walk(trace: Any, colours: Colours) -> None:
    """Show a step at a time, as the reader asks: next, back, a number, the end."""
    asked, here = colours.faint("Enter next · b back · a number · e end · q quit  "), 0
    while True:
        print(
            "\n" + (step_as_text(trace, here, colours) if here < len(trace.steps) else result_as_text(trace, colours))
        )
        try:
            wanted = input("\n" + asked).strip().lower()
        except EOFError:
            return
        if wanted == "q" or (not wanted and here == len(trace.steps)):
            return
        here = _moved(here, wanted, len(trace.steps))


def _moved(here: int, wanted: str, end: int) -> int:
    """Where the reader wants to be: `end` is the place of the results, after the last step."""
    if wanted in ("", "n"):
        return min(here + 1, end)
    if wanted in ("b", "p"):
        return max(here - 1, 0)
    if wanted == "e":
        return end
    if wanted.isdecimal() and 1 <= int(wanted) <= end:
        return int(wanted) - 1
    print(f"There are steps 1 to {end}.")
    return here


def array_as_text(array: dict[str, Any] | None, none: str = "—") -> str:
    """A number, a short list, or what can be said of a large array in a line."""
    if array is None:
        return none
    values = array["values"]
    if values is not None and len(values) <= INLINE:
        return short(values[0]) if not array["shape"] else _nested(array["shape"], iter(values))
    shape = " x ".join(map(str, array["shape"]))
    some = ", ".join(f"{word} {short(array[word])}" for word in ("min", "mean", "max") if array.get(word) is not None)
    zeros = f", {array['zeros']:.0%} zeros" if array.get("zeros") else ""
    return f"{shape}: {some}{zeros}"


def short(value: Any) -> str:
    """A number in at most five digits."""
    if isinstance(value, (bool, int, str)) or not math.isfinite(value):
        return str(value)
    return f"{value:.5g}"


def _nested(shape: list[int], values: Any) -> str:
    if not shape:
        return short(next(values))
    return "[" + ", ".join(_nested(shape[1:], values) for _ in range(shape[0])) + "]"


def _upstream(step: dict[str, Any], i: int, colours: Colours) -> str:
    """The gradient that arrived at output i, and where it came from."""
    came = list(dict.fromkeys(number + 1 for number, _ in step["came"][i]))
    origin = "from step " + " + ".join(map(str, came)) if came else "where backward starts" if step["step"] == 0 else ""
    hook = ", and what a hook made of it" if step["hooked"] else ""
    told = array_as_text(step["upstream"][i], "— (nothing arrived, so nothing is sent on)")
    arrived = f"  upstream: the gradient of {step['outputs'][i]['name']} is {told}"
    return arrived + colours.faint(f"   {origin}{hook}".rstrip()) + _badge(step["checks"][i], colours)


def _input(step: dict[str, Any], given: dict[str, Any], colours: Colours) -> list[str]:
    name = given["name"] if given["row"] is not None else f"{given['argument']} = {given['name']}"
    if given["row"] is None and given["constant"] is None:
        return []
    if not given["wants"]:
        return [colours.faint(f"  → {name}: needs no gradient")]
    if given["contribution"] is None:
        return [colours.faint(f"  → {name}: nothing is sent")]
    rule = f"  {colours.faint(given['rule_text'])}" if given["rule_text"] else ""
    lines = [f"  → {colours.value(name)}{rule}"]
    chosen = max(given["sums"], key=lambda one: abs(float(one["total"])), default=None)
    if chosen is not None:
        lines.append("      " + _arithmetic(chosen, colours))
    elif given["contribution"]:
        lines.append(f"      contribution {array_as_text(given['contribution'])}")
    if given["summed"]:
        ends = given["summed"]
        axes = " and ".join(map(str, ends["axes"]))
        shapes = f"{tuple(ends['from'])} → {tuple(ends['to'])}"
        lines.append(f"      it had been broadcast: summed over axis {axes}, {shapes}: {array_as_text(ends['total'])}")
    sent = given["summed"]["total"] if given["summed"] else given["contribution"]
    before = "— (no gradient yet)" if given["before"] is None else array_as_text(given["before"])
    after = array_as_text(given["after"])
    count = f"received {given['received']} of {given['of']}"
    count += ": complete" if given["received"] == given["of"] else ": waits for the rest"
    became = f"{before} → {after}" if given["before"] is None else f"{before} + {array_as_text(sent)} = {after}"
    lines.append(f"      gradient of {given['name']}: {became}   {colours.faint(count)}")
    return lines


def _arithmetic(one: dict[str, Any], colours: Colours) -> str:
    """`[1, 0]: 0.5 x 2 + 0.1 x 3 = 1.3`."""
    where = f"at {one['place']}: " if one["place"] else ""
    products = " + ".join(f"{_factor(term['upstream'])} × {_factor(term['local'])}" for term in one["terms"])
    others = f" + {one['others']} more ({short(one['rest'])})" if one["others"] else ""
    return (
        f"{where}{colours.faint('upstream × local')}  {products or '0'}{others} = {colours.strong(short(one['total']))}"
    )


def _factor(value: Any) -> str:
    """A number among others: a negative one in parentheses."""
    return f"({short(value)})" if isinstance(value, float) and value < 0 else short(value)


def _badge(check: dict[str, Any] | None, colours: Colours) -> str:
    if check is None:
        return ""
    words = {
        "agrees": f"measured {short(check['slope'])}",
        "differs": f"measured {short(check['slope'])}, not {short(check['gradient'])}",
        "kink": "at a kink: there is no one slope to measure",
    }[check["verdict"]]
    colour = {"agrees": colours.good, "differs": colours.bad, "kink": colours.faint}[check["verdict"]]
    where = f" at {check['place']}" if check["place"] else ""
    return "   " + colour(f"{MARKS[check['verdict']]} {words}{where}")
