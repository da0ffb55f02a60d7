"""Products of matrices: one derivation for all of them."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

FITS = Step("The shapes alone say the same: no other product of dout with the other factor fits.")


def _by_x(x: str, w: str) -> Step:
    return Step(
        f"An element of {x} is used in its row of out, once for each column m, each time with another factor.",
        rf"{x}[n, d] \text{{ is in }} out[n, m] \text{{ with the factor }} {w}",
    )


EXPLANATIONS = (
    Explanation(
        "fc",
        "linear.fc",
        "fully-connected (affine) layer",
        "out = x w + b",
        "x (N, D) or (N, d₁, ..., dₖ), each example flattened to a row of D numbers; w (D, M); b (M,); out (N, M).",
        ("x", "w", "b"),
        (
            Gradient(
                "x",
                r"dx = dout \, w^{\mathsf T}",
                r"w^{\mathsf T}",
                (
                    Step("One element of the output:", r"out[n, m] = \sum_d x[n, d] \, w[d, m] + b[m]"),
                    _by_x("x", "w[d, m]"),
                    Step("Add up what comes back from all of them.", r"dx[n, d] = \sum_m dout[n, m] \, w[d, m]"),
                    Step("That is a product of matrices again, (N, M) times (M, D).", r"dx = dout \, w^{\mathsf T}"),
                ),
            ),
            Gradient(
                "w",
                r"dw = x^{\mathsf T} dout",
                r"x^{\mathsf T}",
                (
                    Step(
                        "An element of w is used in its column of out, once for each row n, each "
                        "time with the factor x[n, d]."
                    ),
                    Step("Add up over the examples.", r"dw[d, m] = \sum_n x[n, d] \, dout[n, m]"),
                    Step("That is (D, N) times (N, M).", r"dw = x^{\mathsf T} dout"),
                    FITS,
                ),
            ),
            Gradient(
                "b",
                r"db[m] = \sum_n dout[n, m]",
                "1",
                (
                    Step(
                        "b[m] is added to column m of every row, with slope 1: it gets the sum.",
                        r"db[m] = \sum_n dout[n, m]",
                    ),
                ),
            ),
        ),
        note="The weight's gradient is a sum over the examples. That of x is not: each example has its own row.",
    ),
    Explanation(
        "linear",
        "linear.linear",
        "linear layer, with PyTorch's shapes",
        r"out = x \, weight^{\mathsf T} + bias",
        "x (*, D), with any axes before the features; weight (M, D), a row for each output; bias "
        "(M,) or none; out (*, M). "
        "n below counts the examples, whatever axes they have.",
        ("x", "weight", "bias"),
        (
            Gradient(
                "x",
                r"dx = dout \, weight",
                r"weight",
                (
                    Step("One element of the output:", r"out[n, m] = \sum_d x[n, d] \, weight[m, d] + bias[m]"),
                    _by_x("x", "weight[m, d]"),
                    Step("Add up what comes back from all of them.", r"dx[n, d] = \sum_m dout[n, m] \, weight[m, d]"),
                    Step("That is a product of matrices again, (N, M) times (M, D).", r"dx = dout \, weight"),
                ),
            ),
            Gradient(
                "weight",
                r"dweight = dout^{\mathsf T} x",
                "x",
                (
                    Step(
                        "weight[m, d] is used in column m of out, once for each example n, each time "
                        "with the factor x[n, d]."
                    ),
                    Step("Add up over the examples.", r"dweight[m, d] = \sum_n dout[n, m] \, x[n, d]"),
                    Step("That is (M, N) times (N, D).", r"dweight = dout^{\mathsf T} x"),
                    FITS,
                ),
            ),
            Gradient(
                "bias",
                r"dbias[m] = \sum_n dout[n, m]",
                "1",
                (
                    Step(
                        "bias[m] is added to column m of every row, with slope 1: it gets the sum.",
                        r"dbias[m] = \sum_n dout[n, m]",
                    ),
                ),
            ),
        ),
        note="It is fc with the weight transposed, so its backward is fc's, with the weight's gradient "
        "transposed back.",
        parts=("fc_forward", "fc_backward"),
    ),
    Explanation(
        "matmul",
        "linear.matmul",
        "product of matrices",
        "out = x y",
        "x (..., N, D), y (..., D, M), out (..., N, M); the axes in front are a batch, and "
        "broadcast. A vector counts as a "
        "matrix of one row (x) or one column (y).",
        ("x", "y"),
        (
            Gradient(
                "x",
                r"dx = dout \, y^{\mathsf T}",
                r"y^{\mathsf T}",
                (
                    Step("One element of the output:", r"out[n, m] = \sum_d x[n, d] \, y[d, m]"),
                    _by_x("x", "y[d, m]"),
                    Step("Add up what comes back from all of them.", r"dx[n, d] = \sum_m dout[n, m] \, y[d, m]"),
                    Step("That is a product of matrices again, (N, M) times (M, D).", r"dx = dout \, y^{\mathsf T}"),
                ),
            ),
            Gradient(
                "y",
                r"dy = x^{\mathsf T} dout",
                r"x^{\mathsf T}",
                (
                    Step(
                        "An element of y is used in its column of out, once for each row n, each "
                        "time with the factor x[n, d]."
                    ),
                    Step("Add up over the rows.", r"dy[d, m] = \sum_n x[n, d] \, dout[n, m]"),
                    Step("That is (D, N) times (N, M).", r"dy = x^{\mathsf T} dout"),
                    FITS,
                ),
            ),
        ),
        note="A batch axis along which one of the two was repeated is summed in its gradient, by the tape.",
    ),
    Explanation(
        "einsum",
        "einsum.einsum",
        "Einstein's summation",
        r"out[o] = \sum x_1[s_1] \, x_2[s_2] \cdots",
        "Each axis has a letter: s₁, s₂, ... are the letters of the operands, o those of the output. "
        "The sum runs over the "
        'letters that the output does not have; "ij,jk->ik" is the matrix product.',
        ("arrays",),
        (
            Gradient(
                "arrays",
                r"dx_1[s_1] = \sum dout[o] \, x_2[s_2] \cdots",
                "",
                (
                    Step(
                        "An element x₁[s₁] stands in the terms of those out[o] that agree with it in "
                        "their letters, each time with the product of the other factors.",
                        r"\frac{\partial out[o]}{\partial x_1[s_1]} = \sum x_2[s_2] \cdots",
                    ),
                    Step(
                        "So its gradient sums over all letters that s₁ does not have: an einsum "
                        "again, with dout in place of x₁.",
                        r"dx_1[s_1] = \sum dout[o] \, x_2[s_2] \cdots",
                    ),
                    Step("A letter that only x₁ has was summed over x₁ alone: the gradient is the same all along it."),
                    Step("A letter that x₁ has twice reads a diagonal: the gradient lies on it, and is 0 elsewhere."),
                    Step("Where x₁ had length 1 and was repeated, its gradient is the sum."),
                ),
            ),
        ),
        note="What holds for the first operand holds for each.",
    ),
)
