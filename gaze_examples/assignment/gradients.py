"""Numeric gradients by central differences, and the relative error that compares them with hand-derived ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from minigrad.backend import ShapeError
from minigrad.numeric import movable, slopes


def rel_error(x: ArrayLike, y: ArrayLike) -> float:
    """The largest |x - y| / (|x| + |y|) of all elements, where a denominator below 1e-8 counts as 1e-8.

    x, y: of one shape, or one of them a number. Raises ShapeError for others: broadcasting would hide a gradient of
    the wrong shape behind right values.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape and x.ndim > 0 and y.ndim > 0:
        raise ShapeError(f"rel_error: expected two arrays of one shape, got {x.shape} and {y.shape}.")
    errors = np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y))
    return float(errors.max(initial=0.0))


def eval_numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, verbose: bool = True, h: float = 1e-5
) -> np.ndarray:
    """The gradient of a function with one number as its value, element by element of x.

    f: is given x itself, changed in one element, and returns a number (or an array of one).
    x: floating point, any shape; its values are restored exactly, whatever f does.
    verbose: print each index with its derivative.
    Returns an array of x's shape and dtype. Raises DtypeError, ShapeError for an x or a value of f that does not fit.
    """
    gradient = np.zeros_like(movable(x, "eval_numerical_gradient"))
    for index, slope in slopes(f, x, h):
        if slope.size != 1:
            raise ShapeError(
                f"eval_numerical_gradient: f must return one number, got an array of shape {slope.shape}. For a "
                "function with an array as its value use eval_numerical_gradient_array(f, x, df)."
            )
        gradient[index] = slope.item()
        if verbose:
            print(index, gradient[index])
    return gradient


def eval_numerical_gradient_array(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, df: ArrayLike, h: float = 1e-5
) -> np.ndarray:
    """The gradient of sum(f(x) * df), element by element of x: what a backward should return for the upstream df.

    f: is given x itself, changed in one element, and returns an array or a number.
    x: floating point, any shape; its values are restored exactly, whatever f does.
    df: the upstream gradient, of the shape of f(x), or a number.
    Returns an array of x's shape and dtype. Raises DtypeError, ShapeError for an x or df that does not fit.
    """
    gradient = np.zeros_like(movable(x, "eval_numerical_gradient_array"))
    df = np.asarray(df)
    for index, slope in slopes(f, x, h):
        if df.shape != slope.shape and df.ndim > 0:
            raise ShapeError(
                f"eval_numerical_gradient_array: df must have the shape of f(x), {slope.shape}, got {df.shape}."
            )
        gradient[index] = np.sum(slope * df)
    return gradient
