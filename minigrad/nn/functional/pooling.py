"""Pooling: the largest number, or the mean, of each window that slides over an image, or along a sequence.

A sequence is an image of one row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import ShapeError
from minigrad.lift import differentiable, of_tensors
from minigrad.nn.functional.convolution import in_batch
from minigrad.ops import average_pooling, pooling
from minigrad.tensor import Tensor

Two = int | tuple[int, int]
One = int | tuple[int]

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


@of_tensors
def max_pool1d(
    input: Tensor,
    kernel_size: One,
    stride: One | None = None,
    padding: One = 0,
    dilation: One = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """`max_pool2d` along sequences. Shapes: input (N, C, L) or (C, L), result (N, C, Lo) or (C, Lo)."""
    numbers = {"kernel_size": kernel_size, "stride": _or_none(stride), "padding": padding, "dilation": dilation}
    settings = _in_one_row("max_pool1d", **numbers)
    return _of_rows(
        "max_pool1d",
        input,
        lambda images: max_pool2d(images, **settings, ceil_mode=ceil_mode, return_indices=return_indices),
    )


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


@of_tensors
def avg_pool1d(
    input: Tensor,
    kernel_size: One,
    stride: One | None = None,
    padding: One = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """`avg_pool2d` along sequences. Shapes: input (N, C, L) or (C, L), result (N, C, Lo) or (C, Lo)."""
    settings = _in_one_row("avg_pool1d", kernel_size=kernel_size, stride=_or_none(stride), padding=padding)
    return _of_rows(
        "avg_pool1d",
        input,
        lambda images: avg_pool2d(images, **settings, ceil_mode=ceil_mode, count_include_pad=count_include_pad),
    )


def adaptive_avg_pool2d(input: Tensor, output_size: int | tuple[int | None, int | None]) -> Tensor:
    """The means of as many windows as output_size (Ho, Wo) says. Shapes: input (N, C, H, W) or (C, H, W)."""
    return in_batch(3, input, lambda images: _adaptive_avg_pool2d(images, output_size=output_size))


@of_tensors
def adaptive_avg_pool1d(input: Tensor, output_size: One) -> Tensor:
    """The means of output_size windows that cover a sequence. Shapes: input (N, C, L) or (C, L)."""
    settings = _in_one_row("adaptive_avg_pool1d", output_size=output_size)
    return _of_rows("adaptive_avg_pool1d", input, lambda images: adaptive_avg_pool2d(images, **settings))


def _of_rows(name: str, input: Tensor, function: Callable[[Tensor], Any]) -> Any:
    """function(input), with the sequences as images of one row."""
    if input.ndim not in (2, 3):
        raise ShapeError(f"{name}: expected (N, C, L) or (C, L), got {input.shape}.")
    result = function(input.unsqueeze(-2))
    return tuple(one.squeeze(-2) for one in result) if isinstance(result, tuple) else result.squeeze(-2)


def _in_one_row(name: str, **settings: One | None) -> dict[str, Any]:
    """The settings for images of one row: of height 1, without a border above and below."""
    rows = {}
    for word, value in settings.items():
        if isinstance(value, (tuple, list)):
            if len(value) != 1:
                raise TypeError(f"{name}: {word} must be an int, or one in a tuple, got {value!r}.")
            value = value[0]
        rows[word] = None if value is None else (0 if word == "padding" else 1, value)
    return rows


def _or_none(stride: Any) -> Any:
    return None if stride is None or stride == [] or stride == () else stride
