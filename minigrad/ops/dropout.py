"""Dropout, for a mask that was drawn before: the pair itself has no randomness, so it can be checked."""

from __future__ import annotations

from minigrad.backend import Array


def dropout_forward(x: Array, mask: Array):
    """out = x * mask. x of any shape; mask, which broadcasts to it, is 0 where dropped and 1 / (1 - p) where kept.

    Dividing by the share 1 - p that is kept leaves the expected value as it was, so evaluation changes nothing.

    Source: Srivastava et al., "Dropout" (2014), in the form that scales during training.
    """
    return x * mask, mask


def dropout_backward(dout: Array, cache: Array):
    """out is x times a constant, so dx = dout * mask: what was dropped learns nothing. The mask has no gradient."""
    return dout * cache, None
