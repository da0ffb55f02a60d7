"""Pooling: the largest number, or the mean, of each window that slides over an image."""

from __future__ import annotations

from typing import Any

from minigrad.lift import differentiable
from minigrad.nn.functional.convolution import in_batch
from minigrad.ops import average_pooling, pooling
from minigrad.tensor import Tensor

Two = int | tuple[int, int]

_max_pool2d = differentiable(pooling.max_pool2d_forward, pooling.max_pool2d_backward)
_avg_pool2d = differentiable(average_pooling.avg_pool2d_forward, average_pooling.avg_pool2d_backward)
_adaptive_avg_pool2d = differentiable(
    average_pooling.adaptive_avg_pool2d_forward, average_pooling.adaptive_avg_pool2d_backward
)


def max_pool2d(
    input: Tensor,
    kernel_size: Two,
    stride: Two | None = None,
    padding: Two = 0,
    dilation: Two = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest number in each window; the first of several gets the gradient. With return_indices also their places.

    Shapes: input (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo) or (C, Ho, Wo), with
    Ho = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, rounded up in ceil_mode. stride None: the kernel_size.
    """
    settings: dict[str, Any] = {
        "kernel_size": kernel_size,
        "stride": _or_none(stride),
        "padding": padding,
        "dilation": dilation,
        "ceil_mode": ceil_mode,
        "return_indices": return_indices,
    }
    return in_batch(3, input, lambda images: _max_pool2d(images, **settings))


def avg_pool2d(
    input: Tensor,
    kernel_size: Two,
    stride: Two | None = None,
    padding: Two = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window. Shapes as in `max_pool2d`.

    count_include_pad: the border of zeros counts, too. divisor_override: what the sums are divided by.
    """
    settings: dict[str, Any] = {
        "kernel_size": kernel_size,
        "stride": _or_none(stride),
        "padding": padding,
        "ceil_mode": ceil_mode,
        "count_include_pad": count_include_pad,
        "divisor_override": divisor_override,
    }
    return in_batch(3, input, lambda images: _avg_pool2d(images, **settings))


def adaptive_avg_pool2d(input: Tensor, output_size: int | tuple[int | None, int | None]) -> Tensor:
    """The means of as many windows as output_size (Ho, Wo) says. Shapes: input (N, C, H, W) or (C, H, W)."""
    return in_batch(3, input, lambda images: _adaptive_avg_pool2d(images, output_size=output_size))


def _or_none(stride: Any) -> Any:
    return None if stride is None or stride == [] or stride == () else stride
