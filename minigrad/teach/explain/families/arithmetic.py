"""Arithmetic of two operands, and what chooses between two."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

BROADCAST = (
    "An operand that was repeated to fit the other (broadcast) was used several times: its gradient "
    "is the sum over the "
    "copies. That is the same for every op of two operands, so the tape does it, not the pair."
)
WHERE = "x and y are arrays or numbers, of shapes that broadcast to out's."


def _of_two(
    op: str, title: str, formula: str, *gradients: Gradient, pair: str = "", note: str = BROADCAST
) -> Explanation:
    arguments = tuple(gradient.argument for gradient in gradients)
    return Explanation(op, f"arithmetic.{pair or op}", title, formula, WHERE, arguments, gradients, note=note)


def _winner(other: str, sign: str, word: str) -> tuple[Step, ...]:
    return (
        Step(
            f"Where this one is the {word}, out is it, and all of the gradient goes there; where it is not, nothing.",
            f"[x {sign} y]",
        ),
        Step(
            "At a tie there is a kink, and any division of the gradient is a subgradient: each gets half.",
            r"\frac{1}{2} [x = y]",
        ),
    )


def _quotient_steps(argument: str) -> tuple[Step, ...]:
    return (
        Step(
            f"Between its jumps the rounded quotient does not change with {argument}, so nothing flows back.",
            f"\\frac{{\\partial out}}{{\\partial {argument}}} = 0",
        ),
    )


def _rest(op: str, title: str, rounded: str) -> Explanation:
    quotient = rf"\operatorname{{{rounded}}}\left(\frac{{x}}{{y}}\right)"
    return _of_two(
        op,
        title,
        f"out = x - y q, \\quad q = {quotient}",
        Gradient(
            "x",
            "dx = dout",
            "1",
            (
                Step(
                    "Between its jumps the rounded quotient q is constant.",
                    r"\frac{\partial (x - y q)}{\partial x} = 1",
                ),
            ),
        ),
        Gradient(
            "y",
            r"dy = -dout \odot q",
            "-q",
            (Step("With the same constant q:", r"\frac{\partial (x - y q)}{\partial y} = -q"),),
        ),
        pair="remainder",
        note="At the jumps, where x is a multiple of y, there is no slope.",
    )


EXPLANATIONS = (
    _of_two(
        "add",
        "sum of two",
        "out = x + y",
        Gradient(
            "x", "dx = dout", "1", (Step("Moving x by h moves out by h.", r"\frac{\partial (x + y)}{\partial x} = 1"),)
        ),
        Gradient(
            "y", "dy = dout", "1", (Step("Moving y by h moves out by h.", r"\frac{\partial (x + y)}{\partial y} = 1"),)
        ),
        note="A sum hands the gradient on to both, unchanged. " + BROADCAST,
    ),
    _of_two(
        "sub",
        "difference of two",
        "out = x - y",
        Gradient(
            "x", "dx = dout", "1", (Step("Moving x by h moves out by h.", r"\frac{\partial (x - y)}{\partial x} = 1"),)
        ),
        Gradient(
            "y",
            "dy = -dout",
            "-1",
            (Step("Moving y by h moves out by -h.", r"\frac{\partial (x - y)}{\partial y} = -1"),),
        ),
    ),
    _of_two(
        "mul",
        "product of two, element by element",
        r"out = x \odot y",
        Gradient(
            "x",
            r"dx = dout \odot y",
            "y",
            (
                Step("Move x by h, with y as it is.", "(x + h) y - x y = h y"),
                Step("So out changes y times as fast as x.", r"\frac{\partial (x y)}{\partial x} = y"),
            ),
        ),
        Gradient(
            "y",
            r"dy = dout \odot x",
            "x",
            (
                Step("Move y by h, with x as it is.", "x (y + h) - x y = h x"),
                Step("So out changes x times as fast as y.", r"\frac{\partial (x y)}{\partial y} = x"),
            ),
        ),
        note="Each factor's gradient is scaled by the other: that is why both are kept. " + BROADCAST,
    ),
    _of_two(
        "div",
        "quotient of two",
        r"out = \frac{x}{y}",
        Gradient(
            "x",
            r"dx = \frac{dout}{y}",
            r"\frac{1}{y}",
            (Step("In x it is a product with the constant 1 / y.", r"\frac{\partial out}{\partial x} = \frac{1}{y}"),),
        ),
        Gradient(
            "y",
            r"dy = -\frac{dout \odot out}{y}",
            r"-\frac{out}{y}",
            (
                Step("The reciprocal of y has the slope -1 / y².", r"\frac{\partial out}{\partial y} = -\frac{x}{y^2}"),
                Step("One of the two divisors makes out of x.", r"-\frac{x}{y^2} = -\frac{out}{y}"),
            ),
        ),
        note="With a rounding_mode it is another op, which is flat between its jumps: see floor_divide. " + BROADCAST,
    ),
    _of_two(
        "pow",
        "power",
        "out = x^y",
        Gradient(
            "x",
            r"dx = dout \odot y \odot x^{y - 1}",
            "y x^{y - 1}",
            (
                Step("The power rule, for a constant y.", r"\frac{\partial x^y}{\partial x} = y \, x^{y - 1}"),
                Step(
                    "For y = 0 the function is constant in x, so the slope is 0, even at x = 0, "
                    "where the formula says 0 · ∞."
                ),
            ),
        ),
        Gradient(
            "y",
            r"dy = dout \odot out \odot \ln x",
            r"out \ln x",
            (
                Step(
                    "Write it as an exponential function, which is its own slope.",
                    r"x^y = e^{y \ln x} \quad \text{so} \quad \frac{\partial x^y}{\partial y} = x^y \ln x",
                ),
                Step("For x = 0 the formula says 0 · (-∞). The limit from the right is 0, and that is taken."),
            ),
        ),
    ),
    _of_two(
        "floor_divide",
        "quotient, rounded",
        r"out = \left\lfloor \frac{x}{y} \right\rfloor",
        Gradient("x", "dx = 0", "0", _quotient_steps("x")),
        Gradient("y", "dy = 0", "0", _quotient_steps("y")),
        pair="rounded_div",
        note="The same for a quotient that is rounded towards 0.",
    ),
    _rest("remainder", "remainder of a division, with the sign of y", "floor"),
    _rest("fmod", "remainder of a division, with the sign of x", "trunc"),
    _of_two(
        "maximum",
        "the larger of two",
        r"out = \max(x, y)",
        Gradient(
            "x",
            r"dx = dout \odot \left([x > y] + \frac{1}{2} [x = y]\right)",
            r"[x > y] + \frac{1}{2} [x = y]",
            _winner("y", ">", "larger"),
        ),
        Gradient(
            "y",
            r"dy = dout \odot \left([y > x] + \frac{1}{2} [x = y]\right)",
            r"[y > x] + \frac{1}{2} [x = y]",
            _winner("x", "<", "larger"),
        ),
    ),
    _of_two(
        "minimum",
        "the smaller of two",
        r"out = \min(x, y)",
        Gradient(
            "x",
            r"dx = dout \odot \left([x < y] + \frac{1}{2} [x = y]\right)",
            r"[x < y] + \frac{1}{2} [x = y]",
            _winner("y", "<", "smaller"),
        ),
        Gradient(
            "y",
            r"dy = dout \odot \left([y < x] + \frac{1}{2} [x = y]\right)",
            r"[y < x] + \frac{1}{2} [x = y]",
            _winner("x", ">", "smaller"),
        ),
    ),
    Explanation(
        "clamp",
        "arithmetic.clamp",
        "brought between two bounds",
        r"out = \min(\max(x, low), high)",
        "x, low and high broadcast; a bound may be missing.",
        ("x", "low", "high"),
        (
            Gradient(
                "x",
                r"dx = dout \odot [low \le x \le high]",
                r"[low \le x \le high]",
                (
                    Step(
                        "Between the bounds, and on them, out is x: slope 1. Outside it is a bound, "
                        "whatever x is: slope 0."
                    ),
                ),
            ),
            Gradient(
                "low",
                r"dlow = dout \odot [x < low]",
                "[x < low]",
                (
                    Step(
                        "Where x is too small, out is the lower bound, and the gradient goes there. "
                        "(Where the bounds cross, out is the upper one.)"
                    ),
                ),
            ),
            Gradient(
                "high",
                r"dhigh = dout \odot [x > high]",
                "[x > high]",
                (
                    Step(
                        "Where x is too large, or the bounds cross, out is the upper bound, and the "
                        "gradient goes there."
                    ),
                ),
            ),
        ),
        note="A number as a bound is a constant, and has no gradient.",
    ),
    Explanation(
        "where",
        "arithmetic.where",
        "one or the other, by a condition",
        r"out = \begin{cases} x & \text{where the condition holds} \\ y & \text{elsewhere} \end{cases}",
        "x and y broadcast; the condition, a setting, is an array of bools, written c below.",
        ("x", "y"),
        (
            Gradient(
                "x",
                r"dx = dout \odot [c]",
                "[c]",
                (
                    Step(
                        "Each element of out came from one of the two. Where it came from x its "
                        "slope in x is 1, else 0.",
                        "[c]",
                    ),
                ),
            ),
            Gradient(
                "y",
                r"dy = dout \odot [\text{not } c]",
                r"[\text{not } c]",
                (Step("What did not come from x came from y."),),
            ),
        ),
        note="The condition is true or false, and has no slope. " + BROADCAST,
    ),
    Explanation(
        "atan2",
        "arithmetic.atan2",
        "angle of the point (x, y)",
        r"out = \operatorname{atan2}(y, x)",
        "y and x broadcast; out lies between -π and π. r² = x² + y² below.",
        ("y", "x"),
        (
            Gradient(
                "y",
                r"dy = dout \odot \frac{x}{r^2}",
                r"\frac{x}{r^2}",
                (
                    Step(
                        "But for a constant, it is the arc tangent of u = y / x, whose slope in u is "
                        "1 / (1 + u²). And u has the slope 1 / x in y.",
                        r"\frac{1 / x}{1 + y^2 / x^2}",
                    ),
                    Step("Multiply above and below with x².", r"\frac{x}{x^2 + y^2} = \frac{x}{r^2}"),
                ),
            ),
            Gradient(
                "x",
                r"dx = -dout \odot \frac{y}{r^2}",
                r"-\frac{y}{r^2}",
                (
                    Step("The same, with the slope -y / x² of u in x.", r"\frac{-y / x^2}{1 + y^2 / x^2}"),
                    Step("Multiply above and below with x².", r"-\frac{y}{x^2 + y^2} = -\frac{y}{r^2}"),
                ),
            ),
        ),
        note="At the origin the angle jumps, and no direction is better than another: 0 is taken. " + BROADCAST,
    ),
    Explanation(
        "logaddexp",
        "arithmetic.logaddexp",
        "sum of two numbers whose logarithms are known",
        r"out = \ln(e^x + e^y)",
        "x and y broadcast. Neither eˣ nor eʸ is calculated by itself, for they may be too large.",
        ("x", "y"),
        (
            Gradient(
                "x",
                r"dx = dout \odot \sigma(x - y)",
                r"\sigma(x - y)",
                (
                    Step("The slope of ln u is 1 / u, and that of u = eˣ + eʸ in x is eˣ.", r"\frac{e^x}{e^x + e^y}"),
                    Step("It is x's share in the sum. Divide above and below by eˣ.", r"\frac{1}{1 + e^{y - x}}"),
                    Step("That is the sigmoid function of x - y.", r"\sigma(x - y)"),
                ),
            ),
            Gradient(
                "y",
                r"dy = dout \odot \sigma(y - x)",
                r"\sigma(y - x)",
                (Step("The same, with x and y exchanged: y's share. The two add up to 1."),),
            ),
        ),
        note="It is logsumexp of two, whose gradients are the softmax of the two. " + BROADCAST,
    ),
)
