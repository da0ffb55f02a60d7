"""Task 3.1: how many numbers a network learns, layer by layer.

The notebook counts 667,052 for both CNNs and 452,400 for the fully-connected net, by formulas. Its convolutions are
counted right, biases included (1 * 3 * 3 * 6 + 6 and 6 * 5 * 5 * 16 + 16), but of every fully-connected layer it counts
the weights alone, and of batch-norm nothing:

    without batch-norm  667,052 + 256 + 4                     = 667,312   two biases: 260
    with batch-norm     667,052 + 256 + 4 + 2 * 6 + 2 * 16    = 667,356   and a scale and a shift for each channel: 44
    fully-connected     452,400 + 100 + 100 + 100 + 4         = 452,704   four biases: 304

What batch-norm remembers of past batches, its running mean and variance, is no parameter: no gradient reaches it.
"""

from __future__ import annotations

from minigrad.nn import Module


def parameter_count(model: Module) -> int:
    """How many numbers the model learns: the elements of its parameters, each counted once."""
    return sum(parameter.numel() for parameter in model.parameters())


def parameter_table(model: Module) -> str:
    """A line for each layer that has parameters, in the order of the model, and their sum:

    conv1  Conv2d       54 + 6             60
    fc2    Linear       1,024 + 4       1,028
    """
    rows = []
    for name, layer in model.named_modules():
        sizes = [parameter.numel() for parameter in layer.parameters(recurse=False)]
        if sizes:
            rows.append((name, type(layer).__name__, " + ".join(f"{n:,}" for n in sizes), f"{sum(sizes):,}"))
    rows.append(("", "", "", f"{parameter_count(model):,}"))
    a, b, c, d = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(f"{name:{a}}  {kind:{b}}  {of:{c}}  {total:>{d}}" for name, kind, of, total in rows)
