"""Ops that put elements in order along an axis, or pick one by its rank. Each hands back to those that it picked."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

PICKED = Gradient(
    "x",
    r"dx[i] = \sum_j [i = indices_j] \, dvalues_j",
    "[i = indices_j]",
    (
        Step("Each value is an element of x: the one at its index.", r"values_j = x[indices_j]"),
        Step(
            "A small step of x changes no index, unless two elements are equal. So the slope is 1 in "
            "the element that was "
            "picked, and 0 in all others.",
            r"\frac{\partial values_j}{\partial x[i]} = [i = indices_j]",
        ),
        Step("Put each gradient back where its value came from, in an array of zeros. No element was picked twice."),
    ),
)
TIES = "Of equal elements the one that was picked takes all of the gradient. Indices are integers, and have none."


def _picking(op: str, title: str, what: str, note: str = TIES) -> Explanation:
    return Explanation(
        op,
        f"ordering.{op}",
        title,
        r"values_j = x[indices_j]",
        f"Along one axis of x; the indices are {what}. out is the two, values and indices.",
        ("x",),
        (PICKED,),
        note=note,
        parts=("picked",),
    )


EXPLANATIONS = (
    _picking("max", "largest element along an axis", "where the largest element is, the first of equal ones"),
    _picking("min", "smallest element along an axis", "where the smallest element is, the first of equal ones"),
    _picking("median", "median along an axis", "where the middle element in order is, the lower one of two"),
    _picking(
        "sort",
        "in order along an axis",
        "where the elements were",
        "Sorting is a permutation, so its backward is the permutation back. " + TIES,
    ),
    _picking("topk", "the k largest along an axis", "where the k largest (or smallest) elements are, in order"),
)
