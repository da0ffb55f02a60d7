"""Which explanation is meant: by the name of an op, by one of its other names, by the op itself."""

from __future__ import annotations

import contextlib
import difflib
import re

from minigrad import nn
from minigrad.functions.table import TABLE
from minigrad.lift import Op
from minigrad.nn import functional
from minigrad.teach.explain.explanation import Explanation
from minigrad.teach.explain.families import ALL

# Names that people use for an op, or for a function that is that op with other arguments.
_OTHER_NAMES = {
    "fc": "affine fully_connected dense",
    "matmul": "mm mv bmm dot addmm",
    "conv2d": "conv convolution",
    "conv_transpose2d": "conv_transpose deconv deconvolution transposed_convolution",
    "interpolate": "upsample upsampling",
    "max_pool2d": "max_pool maxpool",
    "avg_pool2d": "avg_pool avgpool",
    "adaptive_avg_pool2d": "adaptive_avg_pool global_avg_pool",
    "batch_norm": "batchnorm",
    "layer_norm": "layernorm group_norm",
    "rnn_cell": "rnn",
    "lstm_cell": "lstm",
    "gru_cell": "gru",
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
    "diagonal": "diag",
    "getitem": "gather index_select masked_select take_along_dim select narrow flip roll",
    "put": "scatter scatter_add index_add setitem",
}
ALIASES = {alias: op for op, names in _OTHER_NAMES.items() for alias in names.split()}


def explanation_of(op: str | Op) -> Explanation:
    """The explanation of an op, given as its name (`record.op.name`) or as itself (`record.op`).

    The op itself says more: the median of all elements and that along an axis are two ops of one name. (As a name the
    latter is "ordering.median".) Raises UnknownOp, a KeyError, for what has no explanation.
    """
    if isinstance(op, str):
        return _of_name(op)
    pair = f"{op.forward.__module__.rsplit('.', 1)[-1]}.{op.forward.__name__.removesuffix('_forward')}"
    fitting = [one for one in ALL if op.is_ours and one.pair == pair]
    if not fitting:
        raise UnknownOp(f"explain: {op.name} is not one of the library's own ops, which are those with explanations.")
    return next((one for one in fitting if one.op == op.name), fitting[0])


def _of_name(name: str) -> Explanation:
    """By a name as people write it: `conv2d`, `F.conv2d`, `Conv2d`, `conv2d_forward`."""
    plain = name.strip().rsplit(".", 1)[-1].removesuffix("_forward").removesuffix("_backward")
    for one in ALL:
        if name == one.pair or _bare(plain) == _bare(one.op):
            return one
    for alias, op in ALIASES.items():
        if _bare(plain) == _bare(alias):
            return _of_name(op)
    shorter = re.sub("([12]d|[Ll]oss)$", "", plain)  # BatchNorm2d, CrossEntropyLoss
    if shorter not in (plain, ""):
        with contextlib.suppress(UnknownOp):
            return _of_name(shorter)
    if plain in TABLE or hasattr(functional, plain) or hasattr(nn, plain):
        raise UnknownOp(
            f"explain: {plain} is no op with a backward of its own. To see what it is made of, run it under "
            "`with mg.Tape() as tape:`, and print the tape."
        )
    close = difflib.get_close_matches(plain.lower(), [*(one.op for one in ALL), *ALIASES], 3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise UnknownOp(f"explain: there is no op {name!r}.{hint} `minigrad explain` lists them all.")


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


class UnknownOp(KeyError):
    """There is no such op."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError's own text is its message in quotation marks
