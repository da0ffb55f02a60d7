"""Reductions: many elements become one."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

WHERE = "The sum runs over the n elements along the reduced axes, of x of any shape; out has x's other axes."
BACK = Step(
    "An element of x is in one element of out, which gives it its gradient: dout gets its lost axes "
    "back, and is repeated "
    "along them."
)
MANY = "Below, x₁ ... xₙ are the elements that become one."


def _reduction(
    op: str,
    title: str,
    formula: str,
    rule: str,
    local: str,
    *steps: Step,
    note: str = "",
    where: str = WHERE,
    pair: str = "",
) -> Explanation:
    gradient = Gradient("x", rule, local, steps)
    return Explanation(op, pair or f"reduction.{op}", title, formula, where, ("x",), (gradient,), note=note)


ONE_OF_THEM = (
    Step(
        "out is one of the elements: its slope is 1 in that one, and 0 in all others.",
        r"\frac{\partial out}{\partial x_i} = [x_i = out]",
    ),
    Step(
        "Where k elements are equally good there is a kink, and any shares that add up to 1 are a "
        "subgradient. Equal ones prefer nobody.",
        r"\frac{\partial out}{\partial x_i} = \frac{[x_i = out]}{k}",
    ),
)
SHARES = r"dx_i = dout \frac{[x_i = out]}{k}", r"\frac{[x_i = out]}{k}"

EXPLANATIONS = (
    _reduction(
        "sum",
        "sum",
        r"out = \sum_i x_i",
        "dx_i = dout",
        "1",
        Step("Moving one xᵢ by h moves the sum by h.", r"\frac{\partial out}{\partial x_i} = 1"),
        BACK,
        note="A sum copies its gradient, as a copy sums its gradients.",
    ),
    _reduction(
        "mean",
        "mean",
        r"out = \frac{1}{n} \sum_i x_i",
        r"dx_i = \frac{dout}{n}",
        r"\frac{1}{n}",
        Step(
            "Moving one xᵢ by h moves the sum by h, and the mean by h / n.",
            r"\frac{\partial out}{\partial x_i} = \frac{1}{n}",
        ),
        BACK,
        where=WHERE,
    ),
    _reduction(
        "prod",
        "product",
        r"out = \prod_i x_i",
        r"dx_i = dout \prod_{j \ne i} x_j",
        r"\prod_{j \ne i} x_j",
        Step(
            "In one xᵢ the product is a straight line, with the product of all others as its slope.",
            r"out = x_i \prod_{j \ne i} x_j \quad \text{so} \quad \frac{\partial out}{\partial x_i} = "
            r"\prod_{j \ne i} x_j",
        ),
        Step(
            "That is out / xᵢ, but not where xᵢ = 0. Split it into those before and those after: two "
            "running products, from the left and from the right, and no division.",
            r"\prod_{j \ne i} x_j = \prod_{j < i} x_j \, \prod_{j > i} x_j",
        ),
        note="With one 0 among the elements only its own slope is left; with two 0s, none.",
        where=WHERE.replace("sum", "product"),
    ),
    _reduction(
        "amax",
        "largest element",
        r"out = \max_i x_i",
        *SHARES,
        *ONE_OF_THEM,
        where=f"x of any shape; out has its other axes. {MANY} k is how many of them are the largest.",
    ),
    _reduction(
        "amin",
        "smallest element",
        r"out = \min_i x_i",
        *SHARES,
        *ONE_OF_THEM,
        where=f"x of any shape; out has its other axes. {MANY} k is how many of them are the smallest.",
    ),
    _reduction(
        "var",
        "variance",
        r"out = \frac{1}{n - c} \sum_i (x_i - m)^2",
        r"dx_i = dout \frac{2 (x_i - m)}{n - c}",
        r"\frac{2 (x_i - m)}{n - c}",
        Step("Each xᵢ moves the sum in two ways. By its own square:", r"2 (x_i - m)"),
        Step(
            "And by the mean m, which it moves by 1 / n, and which is in all the squares:",
            r"-\frac{2}{n} \sum_j (x_j - m)",
        ),
        Step(
            "But the distances from the mean add up to 0: so only its own square counts.",
            r"\sum_j (x_j - m) = \sum_j x_j - n m = 0",
        ),
        Step("What remains is divided by n - c.", r"\frac{\partial out}{\partial x_i} = \frac{2 (x_i - m)}{n - c}"),
        where="m is the mean of the n elements along the reduced axes; c is the correction: 1 for a sample "
        "(the default), 0 for a whole population.",
    ),
    _reduction(
        "std",
        "standard deviation",
        r"out = \sqrt{\frac{1}{n - c} \sum_i (x_i - m)^2}",
        r"dx_i = dout \frac{x_i - m}{(n - c) \, out}",
        r"\frac{x_i - m}{(n - c) \, out}",
        Step(
            "It is the root of the variance v, and a root has the slope 1 / (2 out).",
            r"out = \sqrt{v} \quad \text{so} \quad \frac{\partial out}{\partial v} = \frac{1}{2 \, out}",
        ),
        Step(
            "The variance has the slope 2 (x - m) / (n - c): what goes by way of the mean cancels (see var).",
            r"\frac{\partial v}{\partial x_i} = \frac{2 (x_i - m)}{n - c}",
        ),
        Step("Multiply the two.", r"\frac{\partial out}{\partial x_i} = \frac{x_i - m}{(n - c) \, out}"),
        Step("Where all elements are equal, out is 0: a kink, where 0 is taken."),
        where="m is the mean of the n elements along the reduced axes; c is the correction: 1 for a sample "
        "(the default), 0 for a whole population.",
    ),
    _reduction(
        "logsumexp",
        "logarithm of a sum of exponentials",
        r"out = \log \sum_i e^{x_i}",
        r"dx_i = dout \, e^{x_i - out}",
        r"e^{x_i - out}",
        Step(
            "The logarithm of s has the slope 1 / s.",
            r"s = \sum_i e^{x_i} \quad \text{so} \quad \frac{\partial out}{\partial s} = \frac{1}{s}",
        ),
        Step("And s has the slope of the one term that xᵢ is in.", r"\frac{\partial s}{\partial x_i} = e^{x_i}"),
        Step(
            "Multiply the two: it is the softmax, and 1 / s is the exponential of -out.",
            r"\frac{\partial out}{\partial x_i} = \frac{e^{x_i}}{\sum_j e^{x_j}} = e^{x_i - out}",
        ),
        note="It is computed as m + log Σ e^(x - m), with the largest element m: no exponent is above 0, "
        "and nothing overflows.",
    ),
    _reduction(
        "norm",
        "p-norm",
        r"out = \left(\sum_i \lvert x_i \rvert^p\right)^{1/p}",
        r"dx_i = dout \, \operatorname{sign}(x_i) \left(\frac{\lvert x_i \rvert}{out}\right)^{p - 1}",
        r"\operatorname{sign}(x_i) \left(\frac{\lvert x_i \rvert}{out}\right)^{p - 1}",
        Step(
            "A power of the sum s, with the power rule:",
            r"out = s^{1/p} \quad \text{so} \quad \frac{\partial out}{\partial s} = \frac{1}{p} "
            r"s^{1/p - 1} = \frac{1}{p} out^{1 - p}",
        ),
        Step(
            "And s has the slope of the one term that xᵢ is in.",
            r"\frac{\partial s}{\partial x_i} = p \lvert x_i \rvert^{p - 1} \operatorname{sign}(x_i)",
        ),
        Step(
            "Multiply the two; p cancels.",
            r"\frac{\partial out}{\partial x_i} = \operatorname{sign}(x_i) \left(\frac{\lvert x_i "
            r"\rvert}{out}\right)^{p - 1}",
        ),
        Step(
            "For p = 2, the length of a vector, it is the direction of x.",
            r"\frac{\partial out}{\partial x_i} = \frac{x_i}{out}",
        ),
        note="Where x is 0 there is a kink (p = 1), or all is 0 (p = 2): 0 is taken. For p = ∞ out is the "
        "largest |x|, as in amax. p = 0 counts the elements that are not 0, and has no slope.",
    ),
    _reduction(
        "median",
        "median of all elements",
        r"out = \operatorname{median}(x)",
        *SHARES,
        *ONE_OF_THEM,
        where="x of any shape; out is one number: the middle one in order, the lower one of two. k is how "
        "many elements are equal to it.",
    ),
)
