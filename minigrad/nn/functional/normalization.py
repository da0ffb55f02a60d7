"""Normalization over a batch, over the features of an example, and over each of its channels, or groups of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minigrad.autograd.grad_mode import no_grad
from minigrad.backend import ShapeError, finfo, float16, is_on_host, mixed_devices
from minigrad.kernels import normalization as kernels
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import normalization as pairs
from minigrad.tensor import Tensor

_batch_norm = differentiable(pairs.batch_norm_forward, pairs.batch_norm_backward)
_batch_norm_eval = differentiable(pairs.batch_norm_eval_forward, pairs.batch_norm_eval_backward)
_layer_norm = differentiable(pairs.layer_norm_forward, pairs.layer_norm_backward)


@of_tensors
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """weight (input - mean) / √(var + eps) + bias, for each channel.

    Shapes: input (N, C) or (N, C, d_1, ...), all others (C,).

    training: mean and var are the batch's. running_mean and running_var, if given, go a share `momentum` of the way to
        them, in place; the variance that is kept is the unbiased one, divided by n - 1. Without it, they are mean and
        var.
    """
    kept = _kept("batch_norm", input, running_mean, running_var)
    if not training:
        if not kept:
            raise RuntimeError("batch_norm: without training=True, running_mean and running_var must be given.")
        return _batch_norm_eval(input, *kept, weight, bias, eps=eps)
    if momentum is None:
        raise TypeError("batch_norm: momentum must be a number. None, the plain average, is for the modules.")
    count = _values_per_channel("batch_norm", input.shape)
    out, mean, var = _batch_norm(input, weight, bias, eps=eps)
    if kept and count:
        _follow(kept, mean.detach(), var.detach(), momentum, count / (count - 1))
    return out


@of_tensors
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """weight (input - mean) / √(var + eps) + bias, for each channel of each example by itself (Ulyanov et al., 2016).

    Shapes: input (N, C, d_1, ...), all others (C,).

    use_input_stats: mean and var are the channel's own, so that what a picture's contrast is does not matter, nor what
        else is in the batch. running_mean and running_var, if given, follow their means over the batch, as in
        `batch_norm`. Without it, they are mean and var.
    """
    kept = _kept("instance_norm", input, running_mean, running_var)
    if not use_input_stats:
        if not kept:
            raise RuntimeError("instance_norm: without use_input_stats, running_mean and running_var must be given.")
        return batch_norm(input, *kept, weight, bias, eps=eps)
    own = {word: None if one is None else one.array for word, one in (("weight", weight), ("bias", bias))}
    pairs.check_channels("instance_norm", input, **own)
    batch, channels, *places = input.shape
    count = math.prod(places)
    if count == 1:
        raise ValueError(f"instance_norm: expected more than 1 place in a channel, got input.shape = {input.shape}.")
    each = [None if one is None else one.repeat(batch) for one in (weight, bias)]
    out, mean, var = _batch_norm(input.reshape(1, batch * channels, *places), *each, eps=eps)
    if kept and input.numel():
        mean, var = (one.detach().reshape(batch, channels).mean(0) for one in (mean, var))
        _follow(kept, mean, var, momentum, count / (count - 1))
    return out.reshape(input.shape)


def _kept(name: str, input: Tensor, running_mean: Tensor | None, running_var: Tensor | None) -> list[Tensor]:
    """The running mean and variance, if they are given."""
    if running_mean is None and running_var is None:
        return []
    if running_mean is None or running_var is None:
        raise ValueError(f"{name}: running_mean and running_var must both be given, or both be None.")
    pairs.check_channels(name, input, running_mean=running_mean.array, running_var=running_var.array)
    return [running_mean, running_var]


def _follow(running: list[Tensor], mean: Tensor, var: Tensor, momentum: float, unbiased: float) -> None:
    """Move the running mean and variance, in place."""
    if is_on_host(mean.array):
        with no_grad():
            for one, statistic in zip(running, (mean, var * unbiased), strict=True):
                one.copy_(one.to(dtype=statistic.dtype) * (1 - momentum) + statistic * momentum)
    else:
        arrays = [one.array for one in (mean, var, *running)]
        if mixed := mixed_devices("batch_norm", arrays):
            raise mixed
        kernels.follow(*arrays[:2], momentum, 1 - momentum, unbiased, *arrays[2:])
        for one in running:
            one.edited()


def _values_per_channel(name: str, shape: tuple[int, ...]) -> int:
    """How many numbers a channel has; one alone has no variance."""
    count = math.prod(shape) // shape[1] if len(shape) > 1 and shape[1] else 0
    if count == 1:
        raise ValueError(f"{name}: expected more than 1 value per channel when training, got input.shape = {shape}.")
    return count


@of_tensors
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """weight (input - mean) / √(var + eps) + bias, over the last axes, those of normalized_shape, of each example.

    Shapes: input (*, *normalized_shape), weight and bias normalized_shape.
    """
    return _layer_norm(input, weight, bias, normalized_shape=tuple(normalized_shape), eps=eps)


@of_tensors
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """weight input / √(mean(input²) + eps), over the last axes, those of normalized_shape, of each example.

    `layer_norm` without the mean and the bias (Zhang and Sennrich, 2019). Shapes: input (*, *normalized_shape), weight
    normalized_shape. eps None: the precision of the dtype that it is calculated in, float32 for float16.
    """
    shape = tuple(normalized_shape)
    pairs.check_features("rms_norm", input.array, shape, weight=None if weight is None else weight.array)
    x = input.float() if input.dtype == float16 else input
    eps = float(finfo(x.dtype).eps) if eps is None else eps
    axes = tuple(range(-len(shape), 0))
    out = x * (x.square().mean(axes, keepdim=True) + eps).rsqrt()
    return (out if weight is None else out * weight).to(input.dtype)


@of_tensors
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """weight (input - mean) / √(var + eps) + bias, over each of num_groups groups of an example's channels.

    Shapes: input (N, C) or (N, C, d_1, ...), weight and bias (C,), one number for each channel.
    """
    pairs.check_channels(
        "group_norm",
        input,
        weight=None if weight is None else weight.array,
        bias=None if bias is None else bias.array,
    )
    batch, channels, *places = input.shape
    if num_groups <= 0 or channels % num_groups:
        raise ShapeError(f"group_norm: num_groups must divide the {channels} channels, got {num_groups}.")
    length = channels // num_groups * math.prod(places)
    _values_per_channel("group_norm", (batch * channels // num_groups, num_groups, *places))
    out = layer_norm(input.reshape(batch, num_groups, length), (length,), eps=eps).reshape(input.shape)
    each = (channels, *[1] * len(places))
    if weight is not None:
        out = out * weight.reshape(each)
    return out if bias is None else out + bias.reshape(each)
