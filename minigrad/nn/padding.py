"""Layers that put more elements around the last axis (1d), or the last two (2d): what each mode puts, `F.pad` says."""

from __future__ import annotations

from typing import SupportsIndex

from minigrad.nn import functional
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class _Pad(Module):
    axes: int
    mode: str
    value: float | None = None

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.axes) if isinstance(padding, SupportsIndex) else tuple(padding)
        if len(self.padding) != 2 * self.axes:
            raise ValueError(
                f"{type(self).__name__}: padding must be an int, or {2 * self.axes} of them, got {padding}."
            )

    def forward(self, input: Tensor) -> Tensor:
        return functional.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return str(self.padding)


class _ConstantPad(_Pad):
    mode = "constant"

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """`value` at both ends of the last axis.

    Shapes: x (*, L), result (*, before + L + after).

    padding: (before, after), or one number for both.
    """

    axes = 1


class ConstantPad2d(_ConstantPad):
    """`value` around images.

    Shapes: x (*, H, W), result (*, top + H + bottom, left + W + right).

    padding: (left, right, top, bottom), or one number for all.
    """

    axes = 2


class ZeroPad1d(_Pad):
    """Zeros at both ends of the last axis.

    Shapes: x (*, L), result (*, before + L + after).

    padding: (before, after), or one number for both.
    """

    axes, mode = 1, "constant"


class ZeroPad2d(_Pad):
    """Zeros around images.

    Shapes: x (*, H, W), result (*, top + H + bottom, left + W + right).

    padding: (left, right, top, bottom), or one number for all.
    """

    axes, mode = 2, "constant"


class ReflectionPad1d(_Pad):
    """The last axis mirrored at both ends, without its edges.

    Shapes: x (*, L), result (*, before + L + after).

    padding: (before, after), or one number for both.
    """

    axes, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Images mirrored at their edges, without these.

    Shapes: x (*, H, W), result (*, top + H + bottom, left + W + right).

    padding: (left, right, top, bottom), or one number for all.
    """

    axes, mode = 2, "reflect"


class ReplicationPad1d(_Pad):
    """The first and the last element of the last axis again and again.

    Shapes: x (*, L), result (*, before + L + after).

    padding: (before, after), or one number for both.
    """

    axes, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The edges of images again and again.

    Shapes: x (*, H, W), result (*, top + H + bottom, left + W + right).

    padding: (left, right, top, bottom), or one number for all.
    """

    axes, mode = 2, "replicate"


class CircularPad1d(_Pad):
    """The last axis goes on from the other end.

    Shapes: x (*, L), result (*, before + L + after).

    padding: (before, after), or one number for both.
    """

    axes, mode = 1, "circular"


class CircularPad2d(_Pad):
    """Images go on from the other edge.

    Shapes: x (*, H, W), result (*, top + H + bottom, left + W + right).

    padding: (left, right, top, bottom), or one number for all.
    """

    axes, mode = 2, "circular"
