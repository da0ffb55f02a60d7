"""`visualize_grid`: the filters of a convolution side by side, as one picture."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg

COLOURS = (1, 3)  # channels that can be shown: grey, or red, green and blue


def visualize_grid(Xs: Any, ubound: float = 255.0, padding: int = 1) -> np.ndarray:
    """Filters (N, C, H, W), C = 1 or 3, as one picture of about as many rows of filters as columns.

    Xs: an array or a Tensor, such as `net.conv1.weight`. Images with their channels last, (N, H, W, C), do as well
        where they cannot be mistaken: where axis 1 is neither 1 nor 3.
    ubound: the brightest pixel. Each filter is stretched by itself, its smallest weight to 0 and its largest to ubound,
        so brightness compares the weights of one filter, not filters; one whose weights are all equal is black.
    padding: black pixels between filters.

    Returns float64 (rows, columns), or (rows, columns, 3) for C = 3: `plt.imshow(grid.astype("uint8"))`.
    """
    filters = mg.as_tensor(Xs).detach().cpu().numpy().astype(np.float64)
    if filters.ndim == 4 and filters.shape[1] not in COLOURS and filters.shape[3] in COLOURS:
        filters = filters.transpose(0, 3, 1, 2)
    if filters.ndim != 4 or filters.shape[1] not in COLOURS or filters.size == 0:
        raise ValueError(
            f"visualize_grid: expected filters (N, C, H, W) of 1 or 3 channels, at least one; got {filters.shape}."
        )
    count, channels, height, width = filters.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    grid = np.zeros((rows * (height + padding) - padding, columns * (width + padding) - padding, channels))
    for i, one in enumerate(filters):
        top, left = (i // columns) * (height + padding), (i % columns) * (width + padding)
        grid[top : top + height, left : left + width] = _stretched(one, ubound).transpose(1, 2, 0)
    return grid if channels == 3 else grid[:, :, 0]


def _stretched(weights: np.ndarray, ubound: float) -> np.ndarray:
    """The weights from 0 to ubound; zeros where they are all equal."""
    low, high = weights.min(), weights.max()
    return ubound * ((weights - low) / (high - low)) if high > low else np.zeros_like(weights)
