"""Images, and sequences, in another size: between their pixels, or out of their channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from minigrad.backend import ShapeError
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import interpolation
from minigrad.tensor import Tensor

_interpolate = differentiable(interpolation.interpolate_forward, interpolation.interpolate_backward)

Size = int | Sequence[int]
Scale = float | Sequence[float]


@of_tensors
def interpolate(
    input: Tensor,
    size: Size | None = None,
    scale_factor: Scale | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Tensor:
    """Images (N, C, H, W), or sequences (N, C, L), of the given size, or so many times as large (rounded down).

    mode: "nearest" repeats pixels; "bilinear" (of images) and "linear" (of sequences) mix the two beside a new one.
    align_corners: the centres of the corner pixels stay where they are, instead of their corners; not for "nearest".
    recompute_scale_factor: what scale_factor was rounded to is used between the pixels, too, as with size.
    """
    if input.ndim not in (3, 4):
        raise ShapeError(f"interpolate: expected (N, C, H, W) or (N, C, L), got {input.shape}.")
    axes = input.ndim - 2
    mixing = "bilinear" if axes == 2 else "linear"
    if mode not in ("nearest", mixing):
        raise ValueError(
            f"interpolate: mode must be nearest, linear for (N, C, L), or bilinear for (N, C, H, W), got {mode!r} for "
            f"{input.shape}."
        )
    if align_corners is not None and mode == "nearest":
        raise ValueError("interpolate: align_corners is for linear and bilinear; nearest has no corners to align.")
    if (size is None) == (scale_factor is None):
        raise ValueError(f"interpolate: give either size or scale_factor, got {size} and {scale_factor}.")
    scales: list[float | None] = [None] * axes
    if size is not None:
        sizes = _each(size, "size", axes)
    else:
        factors = _each(scale_factor, "scale_factor", axes)
        sizes = [math.floor(length * factor) for length, factor in zip(input.shape[2:], factors, strict=True)]
        if not recompute_scale_factor:
            scales = factors
    settings: dict[str, Any] = {"mode": "bilinear" if mode == mixing else mode, "align_corners": bool(align_corners)}
    if axes == 2:
        return _interpolate(input, size=tuple(sizes), scale=tuple(scales), **settings)
    row = input.unsqueeze(2)  # a sequence is an image of one row
    return _interpolate(row, size=(1, *sizes), scale=(None, *scales), **settings).squeeze(2)


def _each(setting: Any, word: str, axes: int) -> list[Any]:
    """A setting for each axis."""
    values = list(setting) if isinstance(setting, (tuple, list)) else [setting] * axes
    if len(values) != axes or not all(isinstance(value, Real) and 0 < float(value) < math.inf for value in values):
        raise ValueError(f"interpolate: {word} must be a number above 0, or {axes} of them, got {setting!r}.")
    return values


@of_tensors
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r², H, W) as (..., C, r H, r W): each pixel's r² channels become r x r pixels of one, row by row."""
    *batch, channels, height, width = _image("pixel_shuffle", input)
    r = upscale_factor
    if r < 1 or channels % r**2:
        raise ShapeError(
            f"pixel_shuffle: upscale_factor² must divide the channels, got {r} for {channels} (shape {input.shape})."
        )
    apart = input.reshape(math.prod(batch), channels // r**2, r, r, height, width)
    return apart.permute(0, 1, 4, 2, 5, 3).reshape(*batch, channels // r**2, height * r, width * r)


@of_tensors
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, r H, r W) as (..., C r², H, W): `pixel_shuffle` taken back."""
    *batch, channels, height, width = _image("pixel_unshuffle", input)
    r = downscale_factor
    if r < 1 or height % r or width % r:
        raise ShapeError(
            f"pixel_unshuffle: downscale_factor must divide height and width, got {r} for {height} x {width}."
        )
    apart = input.reshape(math.prod(batch), channels, height // r, r, width // r, r)
    return apart.permute(0, 1, 3, 5, 2, 4).reshape(*batch, channels * r**2, height // r, width // r)


def _image(name: str, input: Tensor) -> tuple[int, ...]:
    if input.ndim < 3:
        raise ShapeError(f"{name}: expected (..., C, H, W), got {input.shape}.")
    return input.shape
