"""Functions of one array, element by element. They share their derivation; what differs is y and its slope."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

EACH_ALONE = (
    Step(
        "Element i of the output depends on element i of the input alone; its slope in all others is 0.",
        r"\frac{\partial y_j}{\partial x_i} = [i = j] \, y'(x_i)",
    ),
    Step(
        "So of the chain rule's sum over all outputs one term is left.",
        r"dx_i = \sum_j dout_j \frac{\partial y_j}{\partial x_i} = dout_i \, y'(x_i)",
    ),
)


def elementwise(
    op: str,
    title: str,
    value: str,
    local: str,
    *steps: Step,
    file: str = "elementwise",
    note: str = "",
    where: str = "",
    source: str = "",
) -> Explanation:
    """y = value, with the slope `local`; `steps` say how one comes to that slope."""
    return Explanation(
        op,
        f"{file}.{op}",
        title,
        f"y = {value}",
        f"x and y of any shape{where}.",
        ("x",),
        (Gradient("x", _product(local), local, EACH_ALONE + steps),),
        note=note,
        source=source,
    )


def _product(local: str) -> str:
    if local == "0":
        return "dx = 0"
    if local in ("1", "-1"):
        return f"dx = {local.removesuffix('1')}dout"
    several = " + " in local or " - " in local or local.startswith("-") or "cases" in local
    return rf"dx = dout \odot \left({local}\right)" if several else rf"dx = dout \odot {local}"


FLAT = Step("Between its jumps y does not change at all. At a jump there is no slope, and 0 is taken.", "y'(x) = 0")
USELESS = "Nothing flows back, whatever arrives: a layer before this op learns nothing through it."
INVERSE = "Read it the other way round, and differentiate both sides by x"

EXPLANATIONS = (
    elementwise(
        "neg", "negative", "-x", "-1", Step("A straight line that falls by 1 for each step to the right.", "y'(x) = -1")
    ),
    elementwise(
        "abs",
        "absolute value",
        r"\lvert x \rvert",
        r"\operatorname{sign}(x)",
        Step(
            "Right of 0 y is x, left of it -x.",
            r"y'(x) = \begin{cases} 1 & \text{where } x > 0 \\ -1 & \text{where } x < 0 \end{cases}",
        ),
        Step("At the kink any slope from -1 to 1 is a subgradient. The convention is 0, which is sign(0)."),
    ),
    elementwise("sign", "sign", r"\operatorname{sign}(x)", "0", FLAT, note=USELESS),
    elementwise(
        "square",
        "square",
        "x^2",
        "2 x",
        Step("Move x by a small h.", "(x + h)^2 - x^2 = 2 x h + h^2"),
        Step("Divide by h and let it go to 0.", "y'(x) = 2 x"),
    ),
    elementwise(
        "exp",
        "exponential function",
        "e^x",
        "y",
        Step("Move x by a small h.", "e^{x + h} - e^x = e^x (e^h - 1)"),
        Step("For a small h the bracket is h, so the function is its own slope.", "y'(x) = e^x = y"),
        note="The output is kept for the way back, not the input: it is the slope already.",
    ),
    elementwise(
        "expm1",
        "exponential function minus 1",
        "e^x - 1",
        "y + 1",
        Step("The 1 is constant and has no slope.", "y'(x) = e^x = y + 1"),
        note="For an x near 0, the digits of e^x - 1 would be lost if 1 were taken off afterwards.",
    ),
    elementwise(
        "log",
        "natural logarithm",
        r"\ln x",
        r"\frac{1}{x}",
        Step(f"{INVERSE}.", r"e^y = x \quad \text{so} \quad e^y \, y'(x) = 1"),
        Step("Solve for the slope.", r"y'(x) = \frac{1}{e^y} = \frac{1}{x}"),
    ),
    elementwise(
        "log1p",
        "natural logarithm of 1 + x",
        r"\ln(1 + x)",
        r"\frac{1}{1 + x}",
        Step("The logarithm has the slope 1 / u, and u = 1 + x has the slope 1.", r"y'(x) = \frac{1}{1 + x} \cdot 1"),
    ),
    elementwise(
        "sqrt",
        "square root",
        r"\sqrt{x}",
        r"\frac{1}{2 y}",
        Step(f"{INVERSE}.", r"y^2 = x \quad \text{so} \quad 2 y \, y'(x) = 1"),
        Step("Solve for the slope.", r"y'(x) = \frac{1}{2 y}"),
        note="At x = 0 the curve is vertical and the slope infinite.",
    ),
    elementwise(
        "rsqrt",
        "reciprocal of the square root",
        r"\frac{1}{\sqrt{x}}",
        r"-\frac{1}{2} y^3",
        Step(
            "It is a power of x, and the power rule applies.",
            r"y = x^{-1/2} \quad \text{so} \quad y'(x) = -\frac{1}{2} x^{-3/2}",
        ),
        Step("Which is three factors y.", r"y'(x) = -\frac{1}{2} y^3"),
    ),
    elementwise(
        "reciprocal",
        "reciprocal",
        r"\frac{1}{x}",
        "-y^2",
        Step("x times y is always 1. Differentiate that, by the product rule.", "y + x \\, y'(x) = 0"),
        Step("Solve for the slope.", r"y'(x) = -\frac{y}{x} = -y^2"),
    ),
    elementwise(
        "sin",
        "sine",
        r"\sin x",
        r"\cos x",
        Step("Move x by a small h.", r"\sin(x + h) = \sin x \cos h + \cos x \sin h"),
        Step("For a small h, cos h is 1 and sin h is h: what is added is h cos x.", r"y'(x) = \cos x"),
    ),
    elementwise(
        "cos",
        "cosine",
        r"\cos x",
        r"-\sin x",
        Step("Move x by a small h.", r"\cos(x + h) = \cos x \cos h - \sin x \sin h"),
        Step("For a small h, cos h is 1 and sin h is h: what is taken off is h sin x.", r"y'(x) = -\sin x"),
    ),
    elementwise(
        "tan",
        "tangent",
        r"\tan x",
        "1 + y^2",
        Step("It is sin x / cos x. The quotient rule:", r"y'(x) = \frac{\cos^2 x + \sin^2 x}{\cos^2 x}"),
        Step("Divide each term by the divisor.", "y'(x) = 1 + y^2"),
    ),
    elementwise(
        "tanh",
        "hyperbolic tangent",
        r"\tanh x",
        "1 - y^2",
        Step("It is sinh x / cosh x. The quotient rule:", r"y'(x) = \frac{\cosh^2 x - \sinh^2 x}{\cosh^2 x}"),
        Step("Divide each term by the divisor.", "y'(x) = 1 - y^2"),
        note="Far from 0, y is near 1 or -1, and the slope near 0: the unit is saturated, and hardly learns.",
    ),
    elementwise(
        "sigmoid",
        "logistic function σ(x)",
        r"\frac{1}{1 + e^{-x}}",
        "y (1 - y)",
        Step(
            "The reciprocal of u = 1 + e⁻ˣ has the slope -1 / u², and u has the slope -e⁻ˣ.",
            r"y'(x) = \frac{e^{-x}}{(1 + e^{-x})^2}",
        ),
        Step(
            "One factor of that is y, and the other one is what y lacks of 1.",
            r"y'(x) = y \cdot \frac{e^{-x}}{1 + e^{-x}} = y (1 - y)",
        ),
        note="The slope is 1/4 at most, and near 0 far from x = 0: many sigmoids one after another pass "
        "hardly anything.",
    ),
    elementwise(
        "log2",
        "logarithm to the base 2",
        r"\log_2 x",
        r"\frac{1}{x \ln 2}",
        Step(
            "It is a multiple of the natural logarithm, whose slope is 1 / x.",
            r"y = \frac{\ln x}{\ln 2} \quad \text{so} \quad y'(x) = \frac{1}{x \ln 2}",
        ),
    ),
    elementwise(
        "log10",
        "logarithm to the base 10",
        r"\log_{10} x",
        r"\frac{1}{x \ln 10}",
        Step(
            "It is a multiple of the natural logarithm, whose slope is 1 / x.",
            r"y = \frac{\ln x}{\ln 10} \quad \text{so} \quad y'(x) = \frac{1}{x \ln 10}",
        ),
    ),
    elementwise(
        "exp2",
        "power of 2",
        "2^x",
        r"y \ln 2",
        Step(
            "It is an exponential function of x ln 2, whose own slope is ln 2.",
            r"y = e^{x \ln 2} \quad \text{so} \quad y'(x) = y \ln 2",
        ),
    ),
    elementwise(
        "asin",
        "arc sine",
        r"\arcsin x",
        r"\frac{1}{\sqrt{1 - x^2}}",
        Step(f"{INVERSE}.", r"\sin y = x \quad \text{so} \quad \cos y \, y'(x) = 1"),
        Step(
            "Solve for the slope: the cosine is positive there, and its square 1 - sin² y.",
            r"y'(x) = \frac{1}{\cos y} = \frac{1}{\sqrt{1 - x^2}}",
        ),
    ),
    elementwise(
        "acos",
        "arc cosine",
        r"\arccos x",
        r"-\frac{1}{\sqrt{1 - x^2}}",
        Step(f"{INVERSE}.", r"\cos y = x \quad \text{so} \quad -\sin y \, y'(x) = 1"),
        Step(
            "Solve for the slope: the sine is positive there, and its square 1 - cos² y.",
            r"y'(x) = -\frac{1}{\sin y} = -\frac{1}{\sqrt{1 - x^2}}",
        ),
    ),
    elementwise(
        "atan",
        "arc tangent",
        r"\arctan x",
        r"\frac{1}{1 + x^2}",
        Step(f"{INVERSE}.", r"\tan y = x \quad \text{so} \quad (1 + \tan^2 y) \, y'(x) = 1"),
        Step("Solve for the slope; the tangent of y is x.", r"y'(x) = \frac{1}{1 + x^2}"),
    ),
    elementwise(
        "sinh",
        "hyperbolic sine",
        r"\frac{e^x - e^{-x}}{2}",
        r"\cosh x",
        Step(
            "Of the two terms eˣ is its own slope, and e⁻ˣ has the slope -e⁻ˣ.",
            r"y'(x) = \frac{e^x + e^{-x}}{2} = \cosh x",
        ),
    ),
    elementwise(
        "cosh",
        "hyperbolic cosine",
        r"\frac{e^x + e^{-x}}{2}",
        r"\sinh x",
        Step(
            "Of the two terms eˣ is its own slope, and e⁻ˣ has the slope -e⁻ˣ.",
            r"y'(x) = \frac{e^x - e^{-x}}{2} = \sinh x",
        ),
    ),
    elementwise(
        "asinh",
        "inverse of the hyperbolic sine",
        r"\operatorname{arsinh} x",
        r"\frac{1}{\sqrt{x^2 + 1}}",
        Step(f"{INVERSE}.", r"\sinh y = x \quad \text{so} \quad \cosh y \, y'(x) = 1"),
        Step(
            "Solve for the slope: cosh y is positive, and its square sinh² y + 1.",
            r"y'(x) = \frac{1}{\cosh y} = \frac{1}{\sqrt{x^2 + 1}}",
        ),
    ),
    elementwise(
        "acosh",
        "inverse of the hyperbolic cosine",
        r"\operatorname{arcosh} x",
        r"\frac{1}{\sqrt{x^2 - 1}}",
        Step(f"{INVERSE}.", r"\cosh y = x \quad \text{so} \quad \sinh y \, y'(x) = 1"),
        Step(
            "Solve for the slope: of the two y with that cosine the positive one is taken, whose sinh y is positive, "
            "and its square cosh² y - 1.",
            r"y'(x) = \frac{1}{\sinh y} = \frac{1}{\sqrt{x^2 - 1}}",
        ),
    ),
    elementwise(
        "atanh",
        "inverse of the hyperbolic tangent",
        r"\operatorname{artanh} x",
        r"\frac{1}{1 - x^2}",
        Step(f"{INVERSE}.", r"\tanh y = x \quad \text{so} \quad (1 - \tanh^2 y) \, y'(x) = 1"),
        Step("Solve for the slope; the hyperbolic tangent of y is x.", r"y'(x) = \frac{1}{1 - x^2}"),
    ),
    elementwise(
        "erf",
        "error function",
        r"\frac{2}{\sqrt{\pi}} \int_0^x e^{-t^2} \, dt",
        r"\frac{2}{\sqrt{\pi}} e^{-x^2}",
        Step(
            "An area grows, when its right edge moves, by the height of the curve at that edge.",
            r"y'(x) = \frac{2}{\sqrt{\pi}} e^{-x^2}",
        ),
    ),
    elementwise("floor", "rounded down", r"\lfloor x \rfloor", "0", FLAT, note=USELESS),
    elementwise("ceil", "rounded up", r"\lceil x \rceil", "0", FLAT, note=USELESS),
    elementwise("trunc", "rounded towards 0", r"\operatorname{trunc}(x)", "0", FLAT, note=USELESS),
    elementwise(
        "round", "rounded", r"\operatorname{round}(x)", "0", FLAT, note=USELESS + " Halves go to the even neighbour."
    ),
    elementwise(
        "frac",
        "fraction of x",
        r"x - \operatorname{trunc}(x)",
        "1",
        Step("Between its jumps the part that is taken off is constant.", "y'(x) = 1 - 0"),
    ),
    elementwise(
        "relu",
        "rectified linear unit",
        r"\max(x, 0)",
        "[x > 0]",
        Step("Where x > 0 the function is the identity, with slope 1: the gradient passes.", "y'(x) = 1"),
        Step("Where x < 0 it is constant, with slope 0: nothing passes.", "y'(x) = 0"),
        Step("At the kink, x = 0, any slope from 0 to 1 is a subgradient. The convention is 0."),
        note="A unit whose x is negative for every example passes nothing back, and no longer learns: it is dead.",
    ),
)
