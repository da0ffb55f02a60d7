"""Windows that slide over an image: their settings, how many fit, and the memory order in which they are quick.

Convolution and pooling look at an image (N, C, H, W) through a small window. Written with a loop over windows, that is
a million short steps; written with a loop over the places *inside* the window, it is a few long ones: the top left
elements of all windows are one slice of the image, x[:, :, 0 : ... : stride, 0 : ... : stride], and so are those of
every other place.

How long a step is, memory decides. A row of one image is short, and with a stride it is not even in one piece. So here
the batch lies innermost, (C, H, W, N): then what belongs to one place of all images lies side by side, and whatever is
copied, compared or added goes along rows of N numbers at least. The shape stays (N, C, H, W): it is a view.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from minigrad import memory
from minigrad.backend import Array, ShapeError, array_module

Two = tuple[int, int]
Pads = tuple[Two, Two]
NO_PADS = ((0, 0), (0, 0))


def two(value: Any, name: str, word: str, least: int) -> Two:
    """A setting for height and width: one number for both, or two; each at least `least`."""
    try:
        pair = (value, value) if not isinstance(value, (tuple, list)) else tuple(value) * (2 // len(value))
        height, width = map(operator.index, pair)
    except (TypeError, ValueError, ZeroDivisionError):
        raise TypeError(f"{name}: {word} must be an int or two of them (height, width), got {value!r}.") from None
    if min(height, width) < least:
        raise ValueError(f"{name}: {word} must be at least {least}, got {value}.")
    return height, width


def reach(kernel: int, dilation: int) -> int:
    """How many elements a window spans: from the first that it sees to the last."""
    return dilation * (kernel - 1) + 1


def count(length: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """How many windows fit into `length` (padding included): one at the start, and one for each stride that is left."""
    return (length - reach(kernel, dilation)) // stride + 1


def every(place: int, windows: int, stride: int) -> slice:
    """The elements at one place of all windows: `place`, `place + stride`, ..."""
    return slice(place, place + (windows - 1) * stride + 1, stride)


def constants(kernel: Two, stride: Two, dilation: Two, pads: Pads) -> dict[str, int]:
    """How a window slides, by the names that kernels for a GPU have for it (see `kernels`)."""
    (down, across), (hole_down, hole_across), (top, _), (left, _) = stride, dilation, *pads
    return {
        "KERNEL_HEIGHT": kernel[0],
        "KERNEL_WIDTH": kernel[1],
        "DOWN": down,
        "ACROSS": across,
        "HOLE_DOWN": hole_down,
        "HOLE_ACROSS": hole_across,
        "TOP": top,
        "LEFT": left,
    }


def batch_last(x: Array, pads: Pads = NO_PADS, value: float = 0) -> Array:
    """The images (N, C, H, W) as (C, H, W, N), contiguous, with a border of `value`. No copy where none is needed."""
    xp = array_module(x)
    turned = x.transpose(1, 2, 3, 0)
    if pads == NO_PADS:
        return xp.ascontiguousarray(turned)
    (top, bottom), (left, right) = pads
    channels, height, width, batch = turned.shape
    padded = memory.empty((channels, top + height + bottom, left + width + right, batch), x.dtype, xp)
    rows, columns = slice(top, top + height), slice(left, left + width)
    padded[:, :top] = padded[:, rows.stop :] = padded[:, rows, :left] = padded[:, rows, columns.stop :] = value
    padded[:, rows, columns] = turned
    return padded


def batch_first(x: Array) -> Array:
    """(C, H, W, N) as (N, C, H, W), without a copy."""
    return x.transpose(3, 0, 1, 2)


def without_border(x: Array, pads: Pads) -> Array:
    """(C, H, W, N) without the border that `batch_last` gave it."""
    (top, bottom), (left, right) = pads
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


@dataclass(frozen=True)
class Windows:
    """Where pooling windows lie. Each setting is (height, width); pads are ((top, bottom), (left, right)).

    rows, columns: how many windows there are downwards and across.
    """

    kernel: Two
    stride: Two
    dilation: Two
    pads: Pads
    rows: int
    columns: int

    @property
    def sliding(self) -> dict[str, int]:
        """How they slide, as `kernels.pooling` needs it."""
        return constants(self.kernel, self.stride, self.dilation, self.pads)

    def sizes(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Of images of a shape (N, C, H, W), likewise."""
        return shape[0], *shape[2:], self.rows, self.columns

    def steps(self, shape: tuple[int, ...]) -> int:
        """How many pieces of the stride's size cover such images: a thread each, when it goes backwards."""
        batch, channels, *size = shape
        covers = [
            (length - 1 + pad) // step + 1 for length, (pad, _), step in zip(size, self.pads, self.stride, strict=True)
        ]
        return batch * channels * covers[0] * covers[1]


def lay(name: str, size: Two, kernel: Two, stride: Two, padding: Two, dilation: Two, ceil_mode: bool) -> Windows:
    """The pooling windows on an image of this size, and the border that they need.

    ceil_mode: a last window that is only partly on the image counts too, unless it begins beyond the image.
    """
    counts, pads = [], []
    for length, k, step, pad, hole in zip(size, kernel, stride, padding, dilation, strict=True):
        if pad > k // 2:
            raise ValueError(f"{name}: padding must be at most half of kernel_size {kernel}, got {padding}.")
        windows = count(length + 2 * pad, k, step, hole)
        if ceil_mode:
            windows = -(-(length + 2 * pad - reach(k, hole)) // step) + 1
            windows -= (windows - 1) * step >= length + pad
        if windows < 1:
            raise ShapeError(
                f"{name}: a window of kernel_size {kernel}, dilation {dilation}, spans more than the images have "
                f"({size[0]} x {size[1]}, padding {padding})."
            )
        counts.append(windows)
        pads.append((pad, max(pad, (windows - 1) * step + reach(k, hole) - length - pad)))
    return Windows(kernel, stride, dilation, (pads[0], pads[1]), counts[0], counts[1])
