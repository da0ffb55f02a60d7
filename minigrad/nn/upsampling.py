"""Images in another size, as modules."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.nn import functional
from minigrad.nn.functional.upsampling import Scale, Size
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class Upsample(Module):
    """Images x (N, C, H, W), or sequences (N, C, L), in another size. See `functional.interpolate`."""

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: Scale | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        if isinstance(scale_factor, Sequence):
            self.scale_factor: Scale | None = tuple(map(float, scale_factor))
        else:
            self.scale_factor = None if scale_factor is None else float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return functional.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        said = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{said}, mode={self.mode!r}"


class PixelShuffle(Module):
    """x (..., C r², H, W), y (..., C, r H, r W), with r = upscale_factor. See `functional.pixel_shuffle`."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return functional.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """x (..., C, r H, r W), y (..., C r², H, W), with r = downscale_factor: `PixelShuffle` taken back."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return functional.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
