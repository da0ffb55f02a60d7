"""Convolution as a function, and the transposed one: of images, and of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.functions.shape import unsqueeze
from minigrad.lift import differentiable
from minigrad.ops import convolution as pairs
from minigrad.ops import transposed_convolution as transposed
from minigrad.tensor import Tensor

_conv1d = differentiable(pairs.conv1d_forward, pairs.conv1d_backward)
_conv2d = differentiable(pairs.conv2d_forward, pairs.conv2d_backward)
_conv_transpose1d = differentiable(transposed.conv_transpose1d_forward, transposed.conv_transpose1d_backward)
_conv_transpose2d = differentiable(transposed.conv_transpose2d_forward, transposed.conv_transpose2d_backward)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide the filters `weight` over images, and add `bias`.

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, kh, kw), bias (O,), result (N, O, Ho, Wo) or
    (O, Ho, Wo), with Ho = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1.

    stride: the filters move so many pixels at a time. padding: so many zeros are put all around; or "valid", none, or
    "same", so that Ho = H. dilation: a filter's elements lie so many pixels apart. groups: filters and channels are cut
    into so many parts, and a filter sees the channels of its own part only.
    """
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return in_batch(3, input, lambda images: _conv2d(images, weight, bias, **settings))


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] | str = 0,
    dilation: int | tuple[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide the filters `weight` along sequences. Shapes: input (N, C, L) or (C, L), weight (O, C / groups, k).

    bias (O,), result (N, O, Lo) or (O, Lo). Settings as in `conv2d`.
    """
    settings = _numbers(stride=stride, padding=padding, dilation=dilation)
    return in_batch(2, input, lambda rows: _conv1d(rows, weight, bias, groups=groups, **settings))


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
) -> Tensor:
    """Stamp the filters `weight`, times the pixels of images, onto larger images: a convolution run backwards.

    Shapes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, kh, kw), bias (O,), result (N, O, Ho, Wo) or
    (O, Ho, Wo), with Ho = (H - 1) stride - 2 padding + dilation (kh - 1) + 1 + output_padding.

    stride: the stamps lie so many pixels apart. padding: so many pixels are cut off all around. output_padding: so many
    more are kept at the bottom and on the right. dilation, groups: as in `conv2d`.
    """
    settings = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    return in_batch(3, input, lambda images: _conv_transpose2d(images, weight, bias, groups=groups, **settings))


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] = 0,
    output_padding: int | tuple[int] = 0,
    groups: int = 1,
    dilation: int | tuple[int] = 1,
) -> Tensor:
    """Stamp the filters `weight` onto longer sequences. Shapes: input (N, C, L) or (C, L), weight (C, O / groups, k).

    bias (O,), result (N, O, Lo) or (O, Lo). Settings as in `conv_transpose2d`.
    """
    settings = _numbers(stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)
    return in_batch(2, input, lambda rows: _conv_transpose1d(rows, weight, bias, groups=groups, **settings))


def _numbers(**settings: Any) -> dict[str, Any]:
    """The settings of sequences, of which each may be in a tuple."""
    return {name: value[0] if isinstance(value, (tuple, list)) else value for name, value in settings.items()}


def in_batch(axes: int, input: Tensor, function: Callable[[Tensor], Any]) -> Any:
    """function(input), of a batch of examples, or of a single one, which has just `axes` axes, as a batch of one."""
    if getattr(input, "ndim", None) != axes:  # what has none is not a tensor, as the op will say
        return function(input)
    result = function(unsqueeze(input, 0))
    return tuple(one.squeeze(0) for one in result) if isinstance(result, tuple) else result.squeeze(0)
