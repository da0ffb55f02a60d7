"""Ops that move elements about without changing them. Where an element went, its gradient comes back from."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

MOVED = Step(
    "Each element of out is an element of x. So its slope is 1 in that one and 0 in all others: what "
    "arrives there goes back to its old place."
)


def _moving(
    op: str,
    title: str,
    formula: str,
    where: str,
    rule: str,
    local: str,
    *steps: Step,
    note: str = "",
    argument: str = "x",
) -> Explanation:
    gradient = Gradient(argument, rule, local, (MOVED, *steps))
    return Explanation(op, f"shape.{op}", title, formula, where, (argument,), (gradient,), note=note)


EXPLANATIONS = (
    _moving(
        "copy",
        "copy",
        "out = x",
        "x of any shape; out may have another dtype, or be on another device.",
        "dx = dout",
        "1",
        Step("The gradient goes back to x's device, and gets x's dtype.", "dx = dout"),
    ),
    _moving(
        "reshape",
        "other axes for the same elements",
        r"out = \operatorname{reshape}(x, shape)",
        "The elements keep their order, row by row; one number of the shape may be -1, and is worked out.",
        r"dx = \operatorname{reshape}(dout, \text{shape of } x)",
        "1",
        Step("The order is unchanged: give dout the old axes."),
    ),
    _moving(
        "permute",
        "axes in another order",
        r"out = \operatorname{permute}(x, axes)",
        "Axis i of out is axis axes[i] of x. For a matrix, axes (1, 0) are its transpose.",
        r"dx = \operatorname{permute}(dout, \operatorname{argsort}(axes))",
        "1",
        Step("The axis axes[i] came to place i. The inverse permutation brings each back."),
    ),
    _moving(
        "expand",
        "repeated along an axis",
        "out_j = x",
        "x is repeated along new axes, and along axes of length 1, j = 1, ..., n times, without a copy being made.",
        r"dx = \sum_j dout_j",
        "1",
        Step(
            "One element of x is several elements of out. Each of them depends on it with slope 1: "
            "add up what comes back.",
            r"dx = \sum_j dout_j",
        ),
        note="This is what broadcasting does to its operands, and why their gradients are summed.",
    ),
    _moving(
        "diagonal",
        "a diagonal of a matrix",
        r"out_i = x_{i,\, i + offset}",
        "x is a matrix, or many of them on two of its axes, which leave; the diagonal is a new last axis.",
        r"dx_{i,\, i + offset} = dout_i",
        "1",
        Step("What does not lie on the diagonal is not in out: zeros, with dout on the diagonal."),
    ),
    _moving(
        "cat",
        "one after another",
        r"out = [\, x_1 \, x_2 \cdots \,]",
        "The arrays lie one after another along an axis; their other axes are equal.",
        r"dx_i = dout[\text{where } x_i \text{ lies}]",
        "1",
        Step("Cut dout where the arrays met: each gets its own piece."),
        argument="arrays",
    ),
    _moving(
        "stack",
        "one after another, along a new axis",
        r"out[i] = x_i",
        "The arrays, of one shape, are the slices of out along a new axis (written as the first one here).",
        "dx_i = dout[i]",
        "1",
        Step("Array i is slice i, and gets that slice's gradient."),
        argument="arrays",
    ),
    _moving(
        "split",
        "cut into pieces",
        r"[\, out_1 \, out_2 \cdots \,] = x",
        "The pieces lie one after another along an axis of x, as long as the setting lengths says. out is all of them.",
        r"dx = [\, dout_1 \, dout_2 \cdots \,]",
        "1",
        Step("Put the pieces together again, with zeros for those that nothing came back from."),
    ),
    _moving(
        "unbind",
        "cut into slices",
        "out_i = x[i]",
        "The slices of x along an axis (written as the first one here), without that axis. out is all of them.",
        "dx[i] = dout_i",
        "1",
        Step("Put the slices together again, with zeros for those that nothing came back from."),
    ),
    Explanation(
        "pad",
        "pad.pad",
        "with a border of a constant",
        r"out = \begin{cases} x & \text{inside} \\ value & \text{on the border} \end{cases}",
        "Along each axis so many elements are added before and behind x as the setting widths says.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx = dout[\text{inside}]",
                "1",
                (
                    Step(
                        "The inside of out is x itself: slope 1. The border is constant, and nothing "
                        "flows back from it."
                    ),
                ),
            ),
        ),
    ),
    Explanation(
        "dropout",
        "dropout.dropout",
        "elements dropped at random",
        r"out = x \odot mask",
        "x of any shape; the mask, drawn before, is 0 where an element is dropped (with probability "
        "p) and 1 / (1 - p) where it is kept.",
        ("x", "mask"),
        (
            Gradient(
                "x",
                r"dx = dout \odot mask",
                "mask",
                (
                    Step("Once the mask is drawn, it is a constant factor.", r"\frac{\partial out}{\partial x} = mask"),
                    Step("What was dropped learns nothing from this example."),
                ),
            ),
        ),
        note="The draw is not part of the pair: with a given mask it is a plain function, whose gradient "
        "can be checked. Dividing by "
        "1 - p leaves the expected value what it was.",
        source="Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014)",
    ),
)
