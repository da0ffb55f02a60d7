"""Ops that pick elements by their places, or put some there. Where an element was read, its gradient is added."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

EXPLANATIONS = (
    Explanation(
        "getitem",
        "indexing.getitem",
        "elements picked by an index",
        "out_j = x[index_j]",
        "The index is what NumPy takes: integers, slices, masks, arrays of integers. index_j is the "
        "place that output j was read from.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx[i] = \sum_j [i = index_j] \, dout_j",
                r"[i = index_j]",
                (
                    Step(
                        "Each output is an element of x: slope 1 in that one, 0 in all others.",
                        r"\frac{\partial out_j}{\partial x[i]} = [i = index_j]",
                    ),
                    Step(
                        "So an element's gradient is the sum over all outputs that were read from it.",
                        r"dx[i] = \sum_j [i = index_j] \, dout_j",
                    ),
                    Step(
                        "Begin with zeros, and add each dout where it was read. Adding matters: with "
                        "an array of integers an element may be read twice, and dx[index] = dout "
                        "would keep only the last."
                    ),
                ),
            ),
        ),
    ),
    Explanation(
        "put",
        "indexing.put",
        "elements written to an index",
        r"out[i] = \begin{cases} values_j & \text{where } i = index_j \\ x[i] & \text{elsewhere} \end{cases}",
        "out is a copy of x, with the values written to the places of the index, or, with "
        "accumulate, added to what is there.",
        ("x", "values"),
        (
            Gradient(
                "x",
                r"dx[i] = \begin{cases} 0 & \text{where written over} \\ dout[i] & \text{elsewhere} \end{cases}",
                r"[\text{not written over}]",
                (
                    Step(
                        "An element that was written over is in out no more: slope 0. All others are "
                        "in out themselves: slope 1."
                    ),
                    Step("With accumulate nothing was written over: every element gets its dout."),
                ),
            ),
            Gradient(
                "values",
                r"dvalues_j = dout[index_j]",
                "1",
                (
                    Step(
                        "Each value went to one place of out, with slope 1, and gets the gradient from there.",
                        r"dvalues_j = dout[index_j]",
                    ),
                ),
            ),
        ),
        note="To write into an array that is being differentiated would change what backward needs. So "
        "this makes a new one.",
    ),
    Explanation(
        "embedding",
        "embedding.embedding",
        "rows of a table, looked up",
        r"out[i] = weight[indices[i]]",
        "indices: integers of any shape; weight (V, D); out has the indices' shape, and D numbers for each.",
        ("indices", "weight"),
        (
            Gradient(
                "weight",
                r"dweight[v] = \sum_i [indices[i] = v] \, dout[i]",
                r"[indices[i] = v]",
                (
                    Step(
                        "Output i is row v where its index is v, with slope 1; in all other rows its slope is 0.",
                        r"\frac{\partial out[i]}{\partial weight[v]} = [indices[i] = v]",
                    ),
                    Step(
                        "So a row's gradient is the sum of what comes back from all places where it was looked up.",
                        r"dweight[v] = \sum_i [indices[i] = v] \, dout[i]",
                    ),
                ),
            ),
        ),
        note="It is the product of one-hot rows with the weight, without the many multiplications by 0. "
        "The row padding_idx gets 0.",
    ),
)
