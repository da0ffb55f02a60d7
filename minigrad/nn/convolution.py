"""`Conv2d`, `Conv1d`, `ConvTranspose2d`, `ConvTranspose1d`: layers of filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad.creation import zeros
from minigrad.nn import functional, init
from minigrad.nn.module import Module, Parameter
from minigrad.ops.windows import reach
from minigrad.tensor import Tensor

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What they have in common; `axes` is how many axes a filter has."""

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
        self.output_padding = (0,) * self.axes
        self.padding_mode = padding_mode
        if padding == "same" and any(step != 1 for step in self.stride):
            raise ValueError(f"{name}: padding='same' needs stride 1, got {self.stride}.")
        self.weight = Parameter(zeros(*self._shape(), dtype=dtype, device=device))
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

    def _shape(self) -> tuple[int, ...]:
        """Of the weight."""
        return self.out_channels, self.in_channels // self.groups, *self.kernel_size

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
        if self.output_padding != (0,) * self.axes:
            said += f", output_padding={self.output_padding}"
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


class _Transposed(_Convolution):
    """What the two that stamp have in common."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f"{type(self).__name__}: padding_mode must be 'zeros', got {padding_mode!r}.")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, device=device, dtype=dtype
        )
        self.output_padding = self._each("output_padding", output_padding, 0)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        stamp: Any = functional.conv_transpose2d if self.axes == 2 else functional.conv_transpose1d
        more = self.output_padding if output_size is None else self._missing(input, output_size)
        return stamp(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _missing(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output_padding with which a result of output_size comes out."""
        lengths = input.shape[-self.axes :]
        sizes = tuple(output_size)[-self.axes :] if isinstance(output_size, Iterable) else ()
        sides = zip(lengths, self.kernel_size, self.stride, self.padding, self.dilation, strict=False)
        least = tuple((n - 1) * step - 2 * int(pad) + reach(k, hole) for n, k, step, pad, hole in sides)
        most = tuple(low + step - 1 for low, step in zip(least, self.stride, strict=False))
        if len(sizes) != len(most) or any(not a <= n <= z for a, n, z in zip(least, sizes, most, strict=True)):
            raise ValueError(
                f"{type(self).__name__}: output_size must lie between {least} and {most} for x.shape = {input.shape}, "
                f"got {output_size}."
            )
        return tuple(n - low for n, low in zip(sizes, least, strict=True))

    def _shape(self) -> tuple[int, ...]:
        return self.in_channels, self.out_channels // self.groups, *self.kernel_size


class ConvTranspose2d(_Transposed):
    """Filters that are stamped onto larger images: `Conv2d` run backwards, as decoders and generators need it.

    Shapes: x (N, C, H, W) or (C, H, W), y (N, O, Ho, Wo) or (O, Ho, Wo), C = in_channels, O = out_channels. Parameters:
    weight (C, O / groups, kh, kw), bias (O,), both uniform on ±1/√(O / groups kh kw) at the start.

    The settings: see `functional.conv_transpose2d`. forward(x, output_size): of the sizes that a Conv2d of the same
    settings makes x of, with a stride, this one comes out, instead of what output_padding says.
    """

    axes = 2


class ConvTranspose1d(_Transposed):
    """Filters that are stamped onto longer sequences: x (N, C, L) or (C, L), y (N, O, Lo) or (O, Lo).

    See `ConvTranspose2d`.
    """

    axes = 1
