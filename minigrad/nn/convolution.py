"""`Conv2d` and `Conv1d`: layers of filters."""

from __future__ import annotations

from typing import Any

from minigrad.creation import zeros
from minigrad.nn import functional, init
from minigrad.nn.module import Module, Parameter
from minigrad.ops.windows import reach
from minigrad.tensor import Tensor

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What the two have in common; `axes` is how many axes a filter has."""

    axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: groups must divide in_channels and out_channels, got {groups} for {in_channels} and "
                f"{out_channels}."
            )
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding must be a number, 'same' or 'valid', got {padding!r}.")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"{name}: padding_mode must be one of {', '.join(PADDING_MODES)}, got {padding_mode!r}.")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._each("kernel_size", kernel_size, 1)
        self.stride = self._each("stride", stride, 1)
        self.padding = padding if isinstance(padding, str) else self._each("padding", padding, 0)
        self.dilation = self._each("dilation", dilation, 1)
        self.groups = groups
        self.padding_mode = padding_mode
        if padding == "same" and any(step != 1 for step in self.stride):
            raise ValueError(f"{name}: padding='same' needs stride 1, got {self.stride}.")
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(zeros(*shape, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(zeros(out_channels, dtype=dtype, device=device)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.linear_default_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        convolve: Any = functional.conv2d if self.axes == 2 else functional.conv1d
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = functional.pad(input, self._border(), mode=self.padding_mode), 0
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _each(self, word: str, setting: Any, least: int) -> tuple[Any, ...]:
        """A setting for each axis."""
        each = tuple(setting) if isinstance(setting, (tuple, list)) else (setting,) * self.axes
        if len(each) != self.axes or min(each) < least:
            wanted = f"an int, at least {least}, or a tuple of {self.axes}"
            raise ValueError(f"{type(self).__name__}: {word} must be {wanted}, got {setting}.")
        return each

    def _border(self) -> list[int]:
        """The padding as `pad` takes it: before and after, the last axis first."""
        if self.padding == "same":
            totals = [reach(k, hole) - 1 for k, hole in zip(self.kernel_size, self.dilation, strict=True)]
            sides = [(total // 2, total - total // 2) for total in totals]
        else:
            pads: Any = (0,) * self.axes if self.padding == "valid" else self.padding
            sides = [(pad, pad) for pad in pads]
        return [width for side in reversed(sides) for width in side]

    def extra_repr(self) -> str:
        said = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self.axes:
            said += f", padding={self.padding}"
        if self.dilation != (1,) * self.axes:
            said += f", dilation={self.dilation}"
        if self.groups != 1:
            said += f", groups={self.groups}"
        if self.bias is None:
            said += ", bias=False"
        if self.padding_mode != "zeros":
            said += f", padding_mode={self.padding_mode}"
        return said


class Conv2d(_Convolution):
    """Filters that slide over images.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, O, Ho, Wo) or (O, Ho, Wo), C = in_channels, O = out_channels. Parameters:
    weight (O, C / groups, kh, kw), bias (O,), both uniform on ±1/√(C / groups kh kw) at the start.

    stride, padding, dilation, groups: see `functional.conv2d`. padding_mode: what the border holds: "zeros", or the
    image's own pixels: "reflect", "replicate", "circular".
    """

    axes = 2


class Conv1d(_Convolution):
    """Filters that slide along sequences: x (N, C, L) or (C, L), y (N, O, Lo) or (O, Lo). See `Conv2d`."""

    axes = 1
