"""The explanations themselves, a file for each family of ops."""

from minigrad.teach.explain.explanation import Explanation
from minigrad.teach.explain.families import (
    activation,
    arithmetic,
    convolution,
    cumulative,
    elementwise,
    indexing,
    interpolation,
    losses,
    normalization,
    ordering,
    pooling,
    products,
    recurrent,
    reduction,
    shape,
    softmax,
)

FAMILIES: dict[str, tuple[Explanation, ...]] = {
    "arithmetic of two": arithmetic.EXPLANATIONS,
    "element by element": elementwise.EXPLANATIONS,
    "activations": activation.EXPLANATIONS,
    "products": products.EXPLANATIONS,
    "reductions": reduction.EXPLANATIONS,
    "order": ordering.EXPLANATIONS,
    "running totals": cumulative.EXPLANATIONS,
    "shape": shape.EXPLANATIONS,
    "indexing": indexing.EXPLANATIONS,
    "convolution": convolution.EXPLANATIONS,
    "pooling": pooling.EXPLANATIONS,
    "interpolation": interpolation.EXPLANATIONS,
    "normalization": normalization.EXPLANATIONS,
    "recurrent cells": recurrent.EXPLANATIONS,
    "probabilities": softmax.EXPLANATIONS,
    "losses": losses.EXPLANATIONS,
}
ALL: tuple[Explanation, ...] = tuple(one for family in FAMILIES.values() for one in family)
