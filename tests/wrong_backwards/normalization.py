"""Batch-norm, layer-norm, dropout."""

import numpy as np

from minigrad.testing import OpSpec
from minigrad.testing.catalog import CALLS
from tests.wrong_backwards import planted, right

EPS = 1e-5


def batchnorm_forward(x, gamma, beta):
    inv = 1 / np.sqrt(x.var(axis=0) + EPS)
    hat = (x - x.mean(axis=0)) * inv
    return gamma * hat + beta, (hat, inv, gamma)


def batchnorm_backward(dout, cache):
    hat, inv, gamma = cache
    g = dout * gamma
    dx = (g - g.mean(axis=0) - hat * (g * hat).mean(axis=0)) * inv
    return dx, (dout * hat).sum(axis=0), dout.sum(axis=0)


BATCHNORM = right(OpSpec(batchnorm_forward, batchnorm_backward, CALLS["batchnorm"][-1].inputs))


def with_dx(dx):
    """The right backward, but for dx."""

    def backward(dout, cache):
        hat, inv, gamma = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return dx(dout * gamma, hat, inv), dgamma, dbeta

    return backward


def plant(cause, name, dx):
    backward = with_dx(dx)
    backward.__name__ = name
    planted(BATCHNORM, "dx", cause)(backward)


plant("statistics-constant", "batchnorm_statistics_do_not_move", lambda g, hat, inv: g * inv)
plant(
    "statistics-constant",
    "batchnorm_mean_does_not_move",
    lambda g, hat, inv: (g - hat * (g * hat).mean(axis=0)) * inv,
)
plant("statistics-constant", "batchnorm_variance_does_not_move", lambda g, hat, inv: (g - g.mean(axis=0)) * inv)
plant("eval-formula", "batchnorm_by_running_statistics", lambda g, hat, inv: g / np.sqrt(0.9 + 0.1 / inv**2 + EPS))
plant(
    "constant-factor",
    "batchnorm_sums_for_means",
    lambda g, hat, inv: (g - g.sum(axis=0) - hat * (g * hat).sum(axis=0)) * inv,
)
plant(
    "constant-factor",
    "batchnorm_half_of_the_variance",
    lambda g, hat, inv: (g - g.mean(axis=0) - hat * (g * hat).mean(axis=0) / 2) * inv,
)
plant(
    "wrong-axis",
    "batchnorm_means_over_the_features",
    lambda g, hat, inv: (g - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)) * inv,
)
plant(
    "sign",
    "batchnorm_adds_the_second_mean",
    lambda g, hat, inv: (g - g.mean(axis=0) + hat * (g * hat).mean(axis=0)) * inv,
)


@planted(BATCHNORM, "dgamma", "wrong-axis")
def batchnorm_dgamma_over_the_features(dout, cache):
    dx, _, dbeta = batchnorm_backward(dout, cache)
    return dx, (dout * cache[0]).sum(axis=1), dbeta


@planted(BATCHNORM, "dgamma", "axis-not-summed")
def batchnorm_dgamma_not_summed(dout, cache):
    dx, _, dbeta = batchnorm_backward(dout, cache)
    return dx, dout * cache[0], dbeta


@planted(BATCHNORM, "dbeta", "constant-factor")
def batchnorm_dbeta_is_a_mean(dout, cache):
    dx, dgamma, _ = batchnorm_backward(dout, cache)
    return dx, dgamma, dout.mean(axis=0)


def layernorm_forward(x, gamma, beta):
    inv = 1 / np.sqrt(x.var(axis=1, keepdims=True) + EPS)
    hat = (x - x.mean(axis=1, keepdims=True)) * inv
    return gamma * hat + beta, (hat, inv, gamma)


def layernorm_backward(dout, cache):
    hat, inv, gamma = cache
    g = dout * gamma
    dx = (g - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)) * inv
    return dx, (dout * hat).sum(axis=0), dout.sum(axis=0)


LAYERNORM = right(OpSpec(layernorm_forward, layernorm_backward, CALLS["layernorm"][-1].inputs))


@planted(LAYERNORM, "dx", "statistics-constant")
def layernorm_statistics_do_not_move(dout, cache):
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    return dout * cache[2] * cache[1], dgamma, dbeta


@planted(LAYERNORM, "dx", "wrong-axis")
def layernorm_as_if_it_were_batchnorm(dout, cache):
    hat, inv, gamma = cache
    _, dgamma, dbeta = layernorm_backward(dout, cache)
    g = dout * gamma
    return (g - g.mean(axis=0) - hat * (g * hat).mean(axis=0)) * inv, dgamma, dbeta


def dropout_forward(x, p, seed):
    mask = (np.random.default_rng(seed).random(x.shape) >= p).astype(x.dtype)
    return x * mask / x.dtype.type(1 - p), (mask, x.dtype.type(p), seed)


def dropout_backward(dout, cache):
    mask, p, _ = cache
    return dout * mask / (1 - p)


DROPOUT = right(
    OpSpec(dropout_forward, dropout_backward, CALLS["relu"][0].inputs, {"p": 0.25, "seed": 3}, name="dropout")
)


@planted(DROPOUT, "dx", "constant-factor")
def dropout_forgets_to_scale(dout, cache):
    return dout * cache[0]


@planted(DROPOUT, "dx", "wrong-mask")
def dropout_draws_another_mask(dout, cache):
    _, p, seed = cache
    return dout * (np.random.default_rng(seed + 1).random(dout.shape) >= p) / (1 - p)


@planted(DROPOUT, "dx", "wrong-mask")
def dropout_mask_turned_round(dout, cache):
    mask, p, _ = cache
    return dout * (1 - mask) / (1 - p)
