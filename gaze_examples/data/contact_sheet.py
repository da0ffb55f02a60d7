"""A picture of labelled eyes, a block a quadrant, laid out as the quadrants lie: look before you train."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaze_examples.data.eyes import HEIGHT, QUADRANTS, WIDTH, DataError, EyeSet
from minigrad.whole_file import whole_file

LAYOUT = (1, 0, 3, 2)  # up left, up right, down left, down right
GAP = 4  # white pixels between two pairs


def contact_sheet(
    eyes: EyeSet, labels: np.ndarray, path: str | Path, rows: int = 8, columns: int = 4, seed: int = 0
) -> None:
    """Draw `rows` x `columns` pairs of each quadrant, chosen from `seed`, into a PNG file.

    labels: (N,) integers 0..3, those of `eyes`. Where a quadrant has fewer pairs, the rest of its block stays empty.
    """
    from matplotlib.figure import Figure

    rng = np.random.default_rng(seed)
    width, height = columns * (WIDTH + GAP), rows * (HEIGHT + GAP) + 30  # of a block in pixels, with its title
    figure = Figure(figsize=((2 * width + 40) / 100, (2 * height + 40) / 100), dpi=160, layout="constrained")
    title = eyes.source.replace("$", r"\$")  # a dollar would begin a formula, even with parse_math=False, as it wraps
    figure.suptitle(title, fontsize=10, color="0.35", wrap=True)
    for quadrant, axes in zip(LAYOUT, figure.subplots(2, 2).flat, strict=True):
        theirs = np.flatnonzero(labels == quadrant)
        chosen = rng.permutation(theirs)[: rows * columns]
        axes.imshow(_block(eyes.images[chosen], rows, columns), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        share = 100 * len(theirs) / max(1, len(labels))
        axes.set_title(f"{quadrant}: {QUADRANTS[quadrant]}   ({len(theirs):,} pairs, {share:.0f} %)", fontsize=11)
        axes.axis("off")
    try:
        with whole_file(Path(path)) as unfinished:
            figure.savefig(unfinished, format="png")
    except OSError as error:
        raise DataError(f"Could not write the contact sheet {path} ({error}); name another file.") from error


def _block(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """`images` (n, 36, 120) side by side on white, row by row."""
    block = np.full((rows, columns, HEIGHT + GAP, WIDTH + GAP), 255, np.uint8)
    for i, image in enumerate(images):
        block[i // columns, i % columns, GAP // 2 : -(GAP // 2), GAP // 2 : -(GAP // 2)] = image
    return block.transpose(0, 2, 1, 3).reshape(rows * (HEIGHT + GAP), columns * (WIDTH + GAP))
