"""Which explanation is meant: by the name of an op, by one of its other names, by the op itself."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache

from minigrad.lift import Op
from minigrad.teach.explain import families
from minigrad.teach.explain.explanation import Explanation

# Names that people use for an op, or for a function that is that op with other arguments.
_OTHER_NAMES = {
    "fc": "affine fully_connected dense",
    "matmul": "mm mv bmm dot addmm",
    "conv2d": "conv convolution",
    "max_pool2d": "max_pool maxpool",
    "avg_pool2d": "avg_pool avgpool",
    "adaptive_avg_pool2d": "adaptive_avg_pool global_avg_pool",
    "batch_norm": "batchnorm",
    "layer_norm": "layernorm group_norm",
    "cross_entropy": "softmax_loss cross_entropy_loss",
    "nll_loss": "nll",
    "mse_loss": "mse",
    "l1_loss": "l1",
    "smooth_l1_loss": "smooth_l1",
    "huber_loss": "huber",
    "binary_cross_entropy": "bce bce_loss",
    "binary_cross_entropy_with_logits": "bce_with_logits bce_with_logits_loss",
    "kl_div": "kl_div_loss",
    "dropout": "dropout2d",
    "silu": "swish",
    "hardtanh": "relu6",
    "logsigmoid": "log_sigmoid",
    "sub": "subtract",
    "mul": "multiply outer",
    "div": "divide true_divide",
    "neg": "negative",
    "abs": "absolute",
    "pow": "power",
    "clamp": "clip clamp_min clamp_max",
    "where": "tril triu masked_fill",
    "copy": "clone to contiguous",
    "reshape": "view flatten ravel squeeze unsqueeze unflatten",
    "permute": "transpose t swapaxes swapdims movedim moveaxis",
    "expand": "broadcast_to broadcast_tensors meshgrid",
    "cat": "concat concatenate hstack vstack",
    "split": "chunk",
    "getitem": "gather index_select masked_select take_along_dim select narrow flip roll diagonal",
    "put": "scatter scatter_add index_add setitem",
}
ALIASES = {alias: op for op, names in _OTHER_NAMES.items() for alias in names.split()}


@cache
def explanations() -> dict[str, Explanation]:
    """Every explanation, by its op's name, in the order of the families."""
    return {one.op: one for family in by_family().values() for one in family}


@cache
def by_family() -> dict[str, tuple[Explanation, ...]]:
    """The explanations of each family."""
    files = [info.name for info in pkgutil.iter_modules(families.__path__)]
    return {file: importlib.import_module(f"{families.__name__}.{file}").EXPLANATIONS for file in files}


def explanation_of(op: str | Op) -> Explanation:
    """The explanation of an op, given as its name (`record.op.name`) or as itself (`record.op`).

    The op itself says more: `median` over all elements and along an axis are two ops of one name. Raises KeyError for
    what has no explanation.
    """
    if isinstance(op, str):
        return _of_name(op)
    known = explanations().get(op.name)
    pair = f"{op.forward.__module__.rsplit('.', 1)[-1]}.{op.forward.__name__.removesuffix('_forward')}"
    if op.is_ours and known is not None and known.pair == pair:
        return known
    found = next((one for one in explanations().values() if op.is_ours and one.pair == pair), None)
    if found is None:
        raise UnknownOp(f"explain: the op {op.name} is not one of the library's, which has explanations for its own.")
    return found


def _of_name(name: str) -> Explanation:
    plain = name.removeprefix("mg.").removeprefix("F.").removesuffix("_forward").removesuffix("_backward")
    known = explanations()
    if plain in known:
        return known[plain]
    if plain.lower() in {**known, **ALIASES}:
        return known[ALIASES.get(plain.lower(), plain.lower())]
    close = difflib.get_close_matches(plain.lower(), [*known, *ALIASES], 3)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    raise UnknownOp(f"explain: there is no op {name!r}.{meant} `minigrad explain` lists them all.")


class UnknownOp(KeyError):
    """There is no such op."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError's own text is its message in quotation marks
