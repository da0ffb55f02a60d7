"""`gaze explain`: the pictures. What moved a decision, what the first layer sees, and the most confident mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gaze_examples import attribution
from gaze_examples.batches import normalise
from gaze_examples.data.eyes import HEIGHT, QUADRANTS, WIDTH, DataError
from gaze_examples.photos.answers import probabilities
from minigrad.nn import Module
from minigrad.whole_file import whole_file

CHANNELS = 8  # of the first layer that are shown, at most
SIGNED, FOR, OF_QUADRANTS = "RdBu_r", "inferno", "#2a6fbb"
SOFT = "#59636e"
LAYOUT = (1, 0, 3, 2)  # up left, up right, down left, down right


def explain(model: Module, pair: np.ndarray, quadrant: int, path: Path, *, title: str = "") -> None:
    """Write the picture of what in a pair of eyes (36, 120) uint8 speaks for a quadrant."""
    from matplotlib.figure import Figure

    each, image = probabilities(model, pair[None])[0], normalise(pair)
    figure = Figure(figsize=(13, 13.2), dpi=110)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.08)
    upper, lower = figure.subfigures(2, 1, height_ratios=(3, 2.5), squeeze=False)[:, 0]
    _why(upper, model, image, pair, quadrant, each, title)
    _first_layer(lower, model, image, pair)
    _write(figure, path)


def mistakes(images: np.ndarray, labels: np.ndarray, each: np.ndarray, path: Path, *, title: str = "") -> int:
    """Write a sheet of the mistakes that the network was most sure of. Returns how many mistakes there are in all.

    images: (N, 36, 120) uint8. labels: (N,). each: the network's probabilities (N, 4).
    """
    from matplotlib.figure import Figure

    wrong = most_confident_mistakes(labels, each)
    worst = wrong[:24]
    rows = max(1, -(-len(worst) // 4))
    height = 1.8 * rows + 0.8
    figure = Figure(figsize=(14, height), dpi=110)
    share = f"{len(wrong):,} of {len(labels):,} answers are wrong; those it was most sure of"
    figure.suptitle(f"{_literal(title)}\n{share}" if title else share, fontsize=12)
    panels = list(figure.subplots(rows, 4, squeeze=False).flat)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.1 / height, top=1 - 1.2 / height, wspace=0.03, hspace=0.35)
    for axes in panels:
        axes.axis("off")
    for axes, index in zip(panels, worst, strict=False):
        axes.imshow(images[index], cmap="gray", vmin=0, vmax=255)
        said = int(each[index].argmax())
        axes.set_title(
            f"{index}: looks {QUADRANTS[labels[index]]},\nsaid {QUADRANTS[said]} ({100 * each[index, said]:.0f} %)",
            fontsize=10,
        )
    _write(figure, path)
    return len(wrong)


def most_confident_mistakes(labels: np.ndarray, each: np.ndarray) -> np.ndarray:
    """The indices of the mistaken answers, the most probable answer first. labels: (N,), each: (N, 4)."""
    wrong = np.flatnonzero(each.argmax(axis=1) != labels)
    return wrong[np.argsort(-each[wrong].max(axis=1), kind="stable")]


def _why(part, model: Module, image: np.ndarray, pair: np.ndarray, quadrant: int, each: np.ndarray, title: str) -> None:
    """The eyes, the answer, and the four methods side by side."""
    what = f"What speaks for “{QUADRANTS[quadrant]}”"
    part.suptitle(f"{_literal(title)}\n{what}" if title else what, fontsize=14, fontweight="bold")
    panels = part.subplots(3, 2)
    _eyes(panels[0, 0], pair)
    panels[0, 0].set_title("the eyes, as the network gets them", fontsize=11)
    _answer(panels[0, 1], each, quadrant)
    _signed(part, panels[1, 0], attribution.input_gradient(model, image, quadrant),
            "input gradient (Simonyan 2013)", "score for one grey deviation more")  # fmt: skip
    _signed(part, panels[1, 1], attribution.smooth_grad(model, image, quadrant),
            "SmoothGrad (Smilkov 2017), over 50 noisy copies", "score for one grey deviation more")  # fmt: skip
    if attribution.last_convolution(model) is None:
        panels[2, 0].text(0.5, 0.5, "Grad-CAM needs a convolution,\nand this network has none.", ha="center",
                          va="center", color=SOFT, transform=panels[2, 0].transAxes)  # fmt: skip
        panels[2, 0].axis("off")
    else:
        cam = attribution.grad_cam(model, image, quadrant)
        _eyes(panels[2, 0], pair)
        shown = panels[2, 0].imshow(cam, cmap=FOR, alpha=0.55, vmin=0, vmax=cam.max() or 1)
        panels[2, 0].set_title("Grad-CAM (Selvaraju 2017): where the last convolution sees it", fontsize=11)
        _bar(part, panels[2, 0], shown, "weighted channels")
    _signed(part, panels[2, 1], 100 * attribution.occlusion(model, image, quadrant),
            "occlusion (Zeiler & Fergus 2014) by 8 x 8 squares", "probability lost, in points")  # fmt: skip


def _first_layer(part, model: Module, image: np.ndarray, pair: np.ndarray) -> None:
    """The filters of the first layer, and what each makes of the eyes."""
    layers = attribution.convolutions(model)
    if layers:
        filters = layers[0].weight.detach().cpu().numpy()[:CHANNELS, 0]
        maps = attribution.activations(model, image, layers[0])[:CHANNELS]
        part.suptitle("First layer: filters, and what they make of these eyes (blue below 0, red above)", fontsize=13)
    else:
        weights = next(model.parameters()).detach().cpu().numpy().reshape(-1, HEIGHT, WIDTH)
        strongest = np.argsort(-np.abs((weights * image).sum(axis=(1, 2))), kind="stable")[:CHANNELS]
        filters, maps = weights[strongest], weights[strongest] * image
        part.suptitle("First layer: the weights of the units these eyes move most, and weight times pixel", fontsize=13)
    rows = -(-len(filters) // 2)
    panels = part.subplots(rows, 4, squeeze=False, width_ratios=(1, 3, 1, 3) if layers else None)
    limit = float(np.abs(maps).max())
    for axes in panels.flat:
        axes.axis("off")
    for i, (weights, seen) in enumerate(zip(filters, maps, strict=True)):
        left, right = panels[i // 2, 2 * (i % 2) : 2 * (i % 2) + 2]
        bound = float(np.abs(weights).max()) or 1.0
        left.imshow(weights, cmap=SIGNED, vmin=-bound, vmax=bound, interpolation="nearest")
        shown = right.imshow(seen, cmap=SIGNED, vmin=-limit, vmax=limit)
    part.colorbar(shown, ax=panels, shrink=0.7, pad=0.01, label="activation" if layers else "weight times pixel")


def _answer(axes, each: np.ndarray, quadrant: int) -> None:
    """The four probabilities, where the quadrants lie."""
    shares = each[list(LAYOUT)].reshape(2, 2)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect=0.3)
    for place, number in enumerate(LAYOUT):
        row, column = divmod(place, 2)
        axes.text(column, row, f"{QUADRANTS[number]}\n{100 * each[number]:.1f} %", fontsize=11,
                  ha="center", va="center", color="white" if each[number] > 0.55 else "black",
                  fontweight="bold" if number == quadrant else "normal")  # fmt: skip
    axes.set_title("the network's answer for them", fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])


def _eyes(axes, pair: np.ndarray) -> None:
    axes.imshow(pair, cmap="gray", vmin=0, vmax=255)
    axes.axis("off")


def _signed(part, axes, values: np.ndarray, title: str, unit: str) -> None:
    """A map around 0: red speaks for the quadrant, blue against it."""
    bound = float(np.abs(values).max()) or 1.0
    shown = axes.imshow(values, cmap=SIGNED, vmin=-bound, vmax=bound)
    axes.set_title(title, fontsize=11)
    axes.axis("off")
    _bar(part, axes, shown, unit)


def _bar(part, axes, shown: Any, unit: str) -> None:
    bar = part.colorbar(shown, ax=axes, shrink=0.6, pad=0.01)
    bar.set_label(unit, fontsize=8)
    bar.ax.tick_params(labelsize=8)


def _literal(text: str) -> str:
    return text.replace("$", r"\$")  # a dollar would begin a formula


def _write(figure, path: Path) -> None:
    try:
        with whole_file(path) as unfinished:
            figure.savefig(unfinished, format="png")
    except OSError as error:
        raise DataError(f"Could not write the picture {path} ({error}); name another file with --out.") from error
