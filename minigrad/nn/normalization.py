"""Layers that normalize: over a batch, over a channel of an example, over its features, over groups of its channels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import ShapeError
from minigrad.creation import ones, zeros
from minigrad.functions.table import listed
from minigrad.lift import of_tensors
from minigrad.nn import functional, init
from minigrad.nn.functional.convolution import in_batch
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class _Affine(Module):
    """What all of them share: a weight and a bias of one shape, 1 and 0 at the start. Either may be missing."""

    weight: Parameter | None
    bias: Parameter | None

    def _add_parameters(self, shape: Any, weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        for name, wanted in (("weight", weight), ("bias", weight and bias)):
            self.register_parameter(name, Parameter(zeros(shape, dtype=dtype, device=device)) if wanted else None)

    def reset_parameters(self) -> None:
        """Set weights to 1 and biases to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class _ByChannel(_Affine):
    """The settings, parameters and statistics of layers that normalize channels. They are told in `BatchNorm1d`."""

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    shapes: tuple[str, ...] = ()  # those that the input may have

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._add_parameters(num_features, affine, bias, device, dtype)
        kept = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, dtype=dtype, device=device) if kept else None)
        self.register_buffer("running_var", ones(num_features, dtype=dtype, device=device) if kept else None)
        self.register_buffer("num_batches_tracked", zeros((), dtype=np.int64, device=device) if kept else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget all batches: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set weights to 1 and biases to 0, and forget all batches."""
        self.reset_running_stats()
        super().reset_parameters()

    def _check_axes(self, input: Tensor) -> None:
        if input.ndim not in [shape.count(",") + 1 for shape in self.shapes]:
            raise ShapeError(f"{type(self).__name__}: expected {' or '.join(self.shapes)}, got {input.shape}.")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ByChannel):
    """All of batch normalization but the shapes."""

    @of_tensors
    def forward(self, input: Tensor) -> Tensor:
        self._check_axes(input)
        if input.shape[1] != self.num_features:
            raise ShapeError(f"{type(self).__name__}: expected {self.num_features} channels, got {input.shape}.")
        momentum = 0.0 if self.momentum is None else self.momentum
        follows = self.training and self.track_running_stats
        if follows and self.num_batches_tracked is not None:
            batches = self.num_batches_tracked.array
            batches += 1  # add_ would be three launches on a GPU
            self.num_batches_tracked.edited()
            if self.momentum is None:
                momentum = 1 / self.num_batches_tracked.item()
        return functional.batch_norm(
            input,
            self.running_mean if follows or not self.training else None,
            self.running_var if follows or not self.training else None,
            self.weight,
            self.bias,
            training=self.training or (self.running_mean is None and self.running_var is None),
            momentum=momentum,
            eps=self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """weight (x - mean) / √(var + eps) + bias, for each of num_features channels of (N, C) or (N, C, L).

    In training, mean and var are the batch's, and running_mean and running_var follow them: each batch moves them a
    share `momentum` of the way (None: they are the plain average over all batches so far). In evaluation, mean and var
    are the running ones.

    affine: whether there are weight and bias (num_features,), 1 and 0 at the start. bias: with affine, whether there
        is a bias.
    track_running_stats: without it nothing is kept, and the batch's own mean and var are used in evaluation too.
    """

    shapes = ("(N, C)", "(N, C, L)")


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` for images (N, C, H, W)."""

    shapes = ("(N, C, H, W)",)


class BatchNorm3d(_BatchNorm):
    """`BatchNorm1d` for volumes (N, C, D, H, W)."""

    shapes = ("(N, C, D, H, W)",)


class _InstanceNorm(_ByChannel):
    """All of instance normalization but the shapes. Its settings are told in `InstanceNorm1d`."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    @of_tensors
    def forward(self, input: Tensor) -> Tensor:
        self._check_axes(input)
        channels = input.shape[-self.shapes[0].count(",") - 1]
        if channels != self.num_features and not self.affine and not self.track_running_stats:
            warnings.warn(
                f"{type(self).__name__}: expected {self.num_features} channels, got {input.shape}. Without affine the "
                "number makes no difference, so this is a warning only.",
                stacklevel=4,
            )
        return in_batch(
            self.shapes[0].count(",") + 1,
            input,
            lambda batch: functional.instance_norm(
                batch,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                use_input_stats=self.training or not self.track_running_stats,
                momentum=self.momentum or 0.0,
                eps=self.eps,
            ),
        )


class InstanceNorm1d(_InstanceNorm):
    """weight (x - mean) / √(var + eps) + bias, where each channel of each example has its own mean and var.

    Shapes: x and the result (N, C, L) or (C, L). It does in evaluation what it does in training.

    affine: whether there are weight and bias (num_features,), 1 and 0 at the start. bias: with affine, whether there
        is a bias.
    track_running_stats: running_mean and running_var follow the means over the batch, as in `BatchNorm1d`, and are
        used in evaluation.
    """

    shapes = ("(C, L)", "(N, C, L)")


class InstanceNorm2d(_InstanceNorm):
    """`InstanceNorm1d` for images (N, C, H, W) or (C, H, W)."""

    shapes = ("(C, H, W)", "(N, C, H, W)")


class LayerNorm(_Affine):
    """weight (x - mean) / √(var + eps) + bias, over the last axes, those of normalized_shape, of each example.

    Shapes: x and the result (*, *normalized_shape). Parameters: weight and bias, of normalized_shape, 1 and 0 at the
    start; neither without elementwise_affine, and no bias without `bias`.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = tuple(listed(normalized_shape))
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._add_parameters(self.normalized_shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Affine):
    """weight x / √(mean(x²) + eps), over the last axes, those of normalized_shape, of each example.

    Shapes: x and the result (*, *normalized_shape). Parameter: weight, of normalized_shape, 1 at the start; none
    without elementwise_affine. eps None: the dtype's precision.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = tuple(listed(normalized_shape))
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._add_parameters(self.normalized_shape, elementwise_affine, False, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functional.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Affine):
    """weight (x - mean) / √(var + eps) + bias, over each of num_groups groups of an example's channels.

    Shapes: x and the result (N, C) or (N, C, d_1, ...), C = num_channels. Parameters: weight and bias (C,), 1 and 0 at
    the start; neither without `affine`, and no bias without `bias`.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups <= 0 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_groups must divide num_channels = {num_channels}, got {num_groups}.")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._add_parameters(num_channels, affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
