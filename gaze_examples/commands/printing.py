"""What the commands print alike."""

from __future__ import annotations

import sys
from contextlib import suppress

STOPPED = "Stopped. Nothing is half-written."
OVER = 130  # the shell's exit code for a program that was ended by Ctrl-C


def epoch_line(epoch, epochs: int | None = None) -> str:
    """An `Epoch`, of so many, as a line."""
    return (
        f"epoch {epoch.epoch:3d}{f'/{epochs}' if epochs else ''}   loss {epoch.train_loss:.4f}   "
        f"train {100 * epoch.train_accuracy:5.1f} %   val {100 * epoch.val_accuracy:5.1f} %   {epoch.seconds:.1f} s"
    )


def score_table(scores: dict, data) -> str:
    """The `Evaluation` of each part of the data, beside what the oracle would get."""
    from gaze_examples.report import PARTS

    lines = [f"{'':20}{'images':>8}{'accuracy':>11}{'oracle':>10}"]
    for part, score in scores.items():
        oracle = data.oracle_accuracy(part)
        ceiling = "—" if oracle is None else f"{100 * oracle:.1f} %"
        lines.append(f"{PARTS[part][0]:20}{len(score.labels):8,}{100 * score.accuracy:9.1f} %{ceiling:>10}")
    return "\n".join(lines)


def sentence(error: OSError) -> str:
    """What the system says of a mistake, and of which file."""
    where = "" if error.filename is None else f" ({error.filename})"
    return f"{error.strerror or error}{where}."


def say(text: str) -> int:
    """Print it as one sentence on stderr. Returns the exit code that goes with it."""
    with suppress(OSError):  # nobody may be listening
        print(f"gaze: {'; '.join(line.strip() for line in text.splitlines())}", file=sys.stderr)
    return 2
