"""Pooling as modules: of images, and of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.nn import functional
from minigrad.nn.functional.pooling import One, Two
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class _MaxPool(Module):
    """What both have in common, with the function that pools."""

    function: Callable[..., Any]

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return type(self).function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest number in each window of x (N, C, L) or (C, L). See `functional.max_pool1d`."""

    function = staticmethod(functional.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest number in each window of x (N, C, H, W) or (C, H, W). See `functional.max_pool2d`."""

    function = staticmethod(functional.max_pool2d)


class AvgPool1d(Module):
    """The mean of each window of x (N, C, L) or (C, L). See `functional.avg_pool1d`."""

    def __init__(
        self,
        kernel_size: One,
        stride: One | None = None,
        padding: One = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _in_tuple(kernel_size)
        self.stride = self.kernel_size if stride is None else _in_tuple(stride)
        self.padding = _in_tuple(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return functional.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """The mean of each window of x (N, C, H, W) or (C, H, W). See `functional.avg_pool2d`."""

    def __init__(
        self,
        kernel_size: Two,
        stride: Two | None = None,
        padding: Two = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return functional.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool1d(Module):
    """The means of output_size windows that cover x (N, C, L) or (C, L)."""

    def __init__(self, output_size: One) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return functional.adaptive_avg_pool1d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(Module):
    """The means of output_size (Ho, Wo) windows that cover x (N, C, H, W) or (C, H, W); None keeps a length."""

    def __init__(self, output_size: int | tuple[int | None, int | None]) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


def _in_tuple(value: One) -> tuple[int, ...]:
    """As PyTorch's AvgPool1d keeps and shows its settings."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
