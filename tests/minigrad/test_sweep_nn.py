"""The sweep of `nn`: every module and every function of `nn.functional` does what PyTorch's of the same name does.

Modules are made with the same arguments, given the same parameters, and run in training and evaluation mode; values,
and the gradients of inputs and parameters, agree to 1e-9 in float64. A name without a row fails. Optimisers and
schedulers are compared along their paths in `optim/`.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional
from tests.minigrad.parity import RTOL, agrees_with_torch, draw, draws, inf_and_nan_without_warnings
from tests.minigrad.test_sweep import call_of

pytestmark = inf_and_nan_without_warnings

LABELS = np.array([2, 0, 3, 3, 1])
ROWS = (draw(5, 4),)
IMAGES = (draw(3, 4, 7, 6),)
SEQUENCES = (draw(3, 2, 4),)
TWO = tuple(draws((5, 4), (5, 4)))
SHARES = tuple(np.abs(part) / 3 + 0.1 for part in TWO)  # between 0 and 1
LOGS = (np.log(SHARES[0]), SHARES[1])

# name: the module, written with `nn`, and its inputs; several ways to make it are separated by " | "
MODULES: dict[str, tuple[str, tuple]] = {
    "Linear": ("nn.Linear(4, 3) | nn.Linear(4, 3, bias=False)", ROWS),
    "Identity": ("nn.Identity() | nn.Identity(1, a=2)", ROWS),
    "Flatten": ("nn.Flatten() | nn.Flatten(0, 1)", (draw(5, 4, 2),)),
    "Unflatten": ("nn.Unflatten(1, (2, 2)) | nn.Unflatten(-1, (-1, 2)) | nn.Unflatten(0, (5, 1))", ROWS),
    "Sequential": ("nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))", ROWS),
    "Embedding": ("nn.Embedding(4, 3) | nn.Embedding(4, 3, padding_idx=0)", (LABELS,)),
    "Dropout": ("nn.Dropout(0.0)", ROWS),
    "Dropout2d": ("nn.Dropout2d(0.0)", (draw(5, 4, 2, 2),)),
    "Conv1d": (
        "nn.Conv1d(4, 6, 3) | nn.Conv1d(4, 2, 2, 2, 1, 2, 2, False) | nn.Conv1d(4, 3, 3, padding='same')",
        (draw(5, 4, 8),),
    ),
    "Conv2d": (
        "nn.Conv2d(4, 6, 3) | nn.Conv2d(4, 2, (2, 3), (2, 1), (1, 0), (1, 2), 2, False)"
        " | nn.Conv2d(4, 3, 3, padding='same', padding_mode='reflect')"
        " | nn.Conv2d(4, 3, 3, padding=(2, 1), padding_mode='replicate')"
        " | nn.Conv2d(4, 3, 3, padding='same', dilation=2, padding_mode='circular')"
        " | nn.Conv2d(4, 3, 3, padding='valid', padding_mode='circular')",
        IMAGES,
    ),
    "ConvTranspose1d": (
        "nn.ConvTranspose1d(4, 6, 3) | nn.ConvTranspose1d(4, 2, 2, 2, 1, 1, 2, False, 2)",
        (draw(5, 4, 8),),
    ),
    "ConvTranspose2d": (
        "nn.ConvTranspose2d(4, 6, 3) | nn.ConvTranspose2d(4, 2, (2, 3), (2, 1), (1, 0), (1, 0), 2, False, (1, 2))"
        " | nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)",
        IMAGES,
    ),
    "Upsample": (
        "nn.Upsample((9, 4)) | nn.Upsample(scale_factor=2) | nn.Upsample(None, (2, 1.5), 'bilinear')"
        " | nn.Upsample(8, mode='bilinear', align_corners=True)"
        " | nn.Upsample(scale_factor=1.7, mode='bilinear', recompute_scale_factor=True)",
        IMAGES,
    ),
    "PixelShuffle": ("nn.PixelShuffle(2)", IMAGES),
    "PixelUnshuffle": ("nn.PixelUnshuffle(2)", (draw(3, 2, 4, 6),)),
    "MaxPool2d": ("nn.MaxPool2d(2) | nn.MaxPool2d((3, 2), 1, (1, 0), 2, ceil_mode=True)", IMAGES),
    "AvgPool2d": (
        "nn.AvgPool2d(2) | nn.AvgPool2d((3, 2), 2, 1, True, False) | nn.AvgPool2d(2, divisor_override=3)",
        IMAGES,
    ),
    "AdaptiveAvgPool2d": ("nn.AdaptiveAvgPool2d(2) | nn.AdaptiveAvgPool2d((None, 4))", IMAGES),
    "MaxPool1d": ("nn.MaxPool1d(2) | nn.MaxPool1d((3,), 1, 1, 2, ceil_mode=True)", (draw(3, 4, 7),)),
    "AvgPool1d": ("nn.AvgPool1d(2) | nn.AvgPool1d(3, (2,), 1, True, False)", (draw(3, 4, 7),)),
    "AdaptiveAvgPool1d": ("nn.AdaptiveAvgPool1d(3)", (draw(3, 4, 7),)),
    "BatchNorm1d": (
        "nn.BatchNorm1d(4) | nn.BatchNorm1d(4, 1e-3, None, False) | nn.BatchNorm1d(4, bias=False)"
        " | nn.BatchNorm1d(4, track_running_stats=False)",
        ROWS,
    ),
    "BatchNorm2d": ("nn.BatchNorm2d(4)", (draw(5, 4, 2, 2),)),
    "BatchNorm3d": ("nn.BatchNorm3d(4)", (draw(5, 4, 2, 1, 3),)),
    "InstanceNorm1d": (
        "nn.InstanceNorm1d(4) | nn.InstanceNorm1d(4, 1e-3, 0.3, True, True)"
        " | nn.InstanceNorm1d(4, affine=True, bias=False)",
        (draw(3, 4, 5),),
    ),
    "InstanceNorm2d": ("nn.InstanceNorm2d(4) | nn.InstanceNorm2d(4, momentum=None, track_running_stats=True)", IMAGES),
    "LayerNorm": ("nn.LayerNorm(4) | nn.LayerNorm((5, 4), 1e-3, bias=False) | nn.LayerNorm(4, 1e-3, False)", ROWS),
    "GroupNorm": ("nn.GroupNorm(2, 4) | nn.GroupNorm(1, 4, 1e-3, False)", ROWS),
    "RNNCell": ("nn.RNNCell(4, 3) | nn.RNNCell(4, 3, False, 'relu')", ROWS),
    "LSTMCell": ("nn.LSTMCell(4, 3) | nn.LSTMCell(4, 3, bias=False)", ROWS),
    "GRUCell": ("nn.GRUCell(4, 3) | nn.GRUCell(4, 3, False)", ROWS),
    "RNN": ("nn.RNN(4, 3) | nn.RNN(4, 3, 2, 'relu', False, True)", SEQUENCES),
    "LSTM": ("nn.LSTM(4, 3) | nn.LSTM(4, 3, 2, False, True, bidirectional=True)", SEQUENCES),
    "GRU": ("nn.GRU(4, 3) | nn.GRU(4, 3, num_layers=2, batch_first=True, bidirectional=True)", SEQUENCES),
    "MultiheadAttention": (
        "nn.MultiheadAttention(4, 2) | nn.MultiheadAttention(4, 1, bias=False, batch_first=True)",
        SEQUENCES * 3,
    ),
    "TransformerEncoderLayer": (
        "nn.TransformerEncoderLayer(4, 2, 5, 0.0) | nn.TransformerEncoderLayer(4, 1, 3, 0.0, 'gelu', 1e-3, True, True)",
        SEQUENCES,
    ),
    "TransformerDecoderLayer": (
        "nn.TransformerDecoderLayer(4, 2, 5, 0.0)"
        " | nn.TransformerDecoderLayer(4, 2, 3, 0.0, norm_first=True, bias=False)",
        SEQUENCES * 2,
    ),
    "TransformerEncoder": (
        "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 5, 0.0), 2, nn.LayerNorm(4), False)",
        SEQUENCES,
    ),
    "TransformerDecoder": ("nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 5, 0.0), 2)", SEQUENCES * 2),
    "Transformer": ("nn.Transformer(4, 2, 1, 2, 5, 0.0, batch_first=True)", SEQUENCES * 2),
    "ZeroPad1d": ("nn.ZeroPad1d(1) | nn.ZeroPad1d((2, 1))", SEQUENCES),
    "ReflectionPad1d": ("nn.ReflectionPad1d(1) | nn.ReflectionPad1d((2, 1))", SEQUENCES),
    "ReplicationPad1d": ("nn.ReplicationPad1d(1) | nn.ReplicationPad1d((2, 1))", SEQUENCES),
    "CircularPad1d": ("nn.CircularPad1d(1) | nn.CircularPad1d((2, 1))", SEQUENCES),
    "ConstantPad1d": ("nn.ConstantPad1d(1, 1.5) | nn.ConstantPad1d((-1, 1), value=2)", SEQUENCES),
    "ZeroPad2d": ("nn.ZeroPad2d(2) | nn.ZeroPad2d((2, 1, 0, 3))", IMAGES),
    "ReflectionPad2d": ("nn.ReflectionPad2d(2) | nn.ReflectionPad2d((2, 1, 0, 3))", IMAGES),
    "ReplicationPad2d": ("nn.ReplicationPad2d(2) | nn.ReplicationPad2d((2, 1, 0, 3))", IMAGES),
    "CircularPad2d": ("nn.CircularPad2d(2) | nn.CircularPad2d((2, 1, 0, 3))", IMAGES),
    "ConstantPad2d": ("nn.ConstantPad2d(1, 1.5) | nn.ConstantPad2d((-1, 1, 0, 3), value=2)", IMAGES),
    "RMSNorm": ("nn.RMSNorm(4) | nn.RMSNorm((5, 4), 1e-3) | nn.RMSNorm(4, None, False)", ROWS),
    "ReLU": ("nn.ReLU()", ROWS),
    "ReLU6": ("nn.ReLU6()", ROWS),
    "LeakyReLU": ("nn.LeakyReLU() | nn.LeakyReLU(0.3)", ROWS),
    "ELU": ("nn.ELU() | nn.ELU(0.5)", ROWS),
    "PReLU": ("nn.PReLU() | nn.PReLU(4, 0.5)", ROWS),
    "GLU": ("nn.GLU() | nn.GLU(dim=1)", ROWS),
    "SELU": ("nn.SELU()", ROWS),
    "CELU": ("nn.CELU() | nn.CELU(0.5)", ROWS),
    "Hardsigmoid": ("nn.Hardsigmoid()", ROWS),
    "Hardswish": ("nn.Hardswish()", ROWS),
    "GELU": ("nn.GELU() | nn.GELU(approximate='tanh')", ROWS),
    "SiLU": ("nn.SiLU()", ROWS),
    "Mish": ("nn.Mish()", ROWS),
    "Sigmoid": ("nn.Sigmoid()", ROWS),
    "LogSigmoid": ("nn.LogSigmoid()", ROWS),
    "Tanh": ("nn.Tanh()", ROWS),
    "Hardtanh": ("nn.Hardtanh() | nn.Hardtanh(-0.5, 2)", ROWS),
    "Softplus": ("nn.Softplus() | nn.Softplus(beta=2, threshold=1)", ROWS),
    "Softsign": ("nn.Softsign()", ROWS),
    "Softmax": ("nn.Softmax(dim=1) | nn.Softmax(0)", ROWS),
    "LogSoftmax": ("nn.LogSoftmax(dim=1)", ROWS),
    "CrossEntropyLoss": (
        "nn.CrossEntropyLoss() | nn.CrossEntropyLoss(reduction='none', label_smoothing=0.1)"
        " | nn.CrossEntropyLoss(ignore_index=3)",
        (ROWS[0], LABELS),
    ),
    "NLLLoss": ("nn.NLLLoss() | nn.NLLLoss(reduction='sum', ignore_index=3)", (ROWS[0], LABELS)),
    "MSELoss": ("nn.MSELoss() | nn.MSELoss(reduction='sum') | nn.MSELoss(reduction='none')", TWO),
    "L1Loss": ("nn.L1Loss() | nn.L1Loss(reduction='sum')", TWO),
    "SmoothL1Loss": ("nn.SmoothL1Loss() | nn.SmoothL1Loss(beta=0.5, reduction='none')", TWO),
    "HuberLoss": ("nn.HuberLoss() | nn.HuberLoss(delta=0.5)", TWO),
    "BCELoss": ("nn.BCELoss() | nn.BCELoss(reduction='none')", SHARES),
    "BCEWithLogitsLoss": ("nn.BCEWithLogitsLoss() | nn.BCEWithLogitsLoss(reduction='sum')", (ROWS[0], SHARES[0])),
    "KLDivLoss": ("nn.KLDivLoss(reduction='batchmean') | nn.KLDivLoss(reduction='sum')", LOGS),
}
NO_MODULE_ROW = {
    "Module": "test_module.py",
    **dict.fromkeys(["Parameter", "functional", "init", "parallel", "utils"], "no module"),
    **dict.fromkeys(["ModuleList", "ModuleDict", "ParameterList", "ParameterDict"], "cannot be run; test_container.py"),
}

# name: calls with F, separated by " | ", and the inputs
FUNCTIONS: dict[str, tuple[str, tuple]] = {
    "linear": ("F.linear(x, y) | F.linear(x, y, x[:3, 0])", tuple(draws((5, 4), (3, 4)))),
    "embedding": ("F.embedding(x, y) | F.embedding(x, y, padding_idx=0)", (LABELS, draw(4, 3))),
    "one_hot": ("F.one_hot(x) | F.one_hot(x, num_classes=6)", (LABELS,)),
    "normalize": ("F.normalize(x) | F.normalize(x, p=1, dim=0)", ROWS),
    "batch_norm": (
        "F.batch_norm(x, None, None, y, z, training=True) | F.batch_norm(x, None, None, None, y, True, 0.1, 1e-3)"
        " | F.batch_norm(x, y.detach(), z.detach().abs(), y, z)",
        tuple(draws((5, 4), (4,), (4,))),
    ),
    "layer_norm": ("F.layer_norm(x, (4,)) | F.layer_norm(x, [4], y, z, 1e-3)", tuple(draws((5, 4), (4,), (4,)))),
    "group_norm": ("F.group_norm(x, 2) | F.group_norm(x, 2, y, z, 1e-3)", tuple(draws((5, 4), (4,), (4,)))),
    "instance_norm": (
        "F.instance_norm(x) | F.instance_norm(x, None, None, y, z, eps=1e-3)"
        " | F.instance_norm(x, y.detach(), z.detach().abs(), y, z, False)",
        tuple(draws((5, 4, 3), (4,), (4,))),
    ),
    "rms_norm": (
        "F.rms_norm(x, (4,)) | F.rms_norm(x, [5, 4], eps=1e-3) | F.rms_norm(x, (4,), y)",
        tuple(draws((5, 4), (4,))),
    ),
    "scaled_dot_product_attention": (
        "F.scaled_dot_product_attention(x, y, z) | F.scaled_dot_product_attention(x, x, x, is_causal=True)"
        " | F.scaled_dot_product_attention(x, y, z, y[0, 0, :, :1].mT < 1, scale=0.3)"
        " | F.scaled_dot_product_attention(x, y, z, x[..., :1] > 0) | F.scaled_dot_product_attention(x, y, z, x @ x.mT)"
        " | F.scaled_dot_product_attention(x, y[:, :1], z[:, :1], enable_gqa=True)",
        tuple(draws((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 2))),
    ),
    "conv1d": (
        "F.conv1d(x, y, z) | F.conv1d(x, y, None, 2, 1, 2) | F.conv1d(x[0], y, padding='same')"
        " | F.conv1d(x, y[:, :2], z, (1,), (2,), (1,), groups=2)",
        tuple(draws((3, 4, 8), (6, 4, 3), (6,))),
    ),
    "conv2d": (
        "F.conv2d(x, y, z) | F.conv2d(x, y, None, 2, 1, 2) | F.conv2d(x[0], y, padding='same')"
        " | F.conv2d(x, y[:, :2], z, (1, 2), (2, 0), (1, 1), groups=2)"
        " | F.conv2d(x, y[:4, :1], padding='valid', groups=4)",
        tuple(draws((3, 4, 7, 6), (6, 4, 3, 3), (6,))),
    ),
    "conv_transpose1d": (
        "F.conv_transpose1d(x, y, z) | F.conv_transpose1d(x, y, None, 2, 1, 1)"
        " | F.conv_transpose1d(x[0], y[:, :3], z, (3,), (1,), (2,), 2, (2,))",
        tuple(draws((3, 4, 5), (4, 6, 3), (6,))),
    ),
    "conv_transpose2d": (
        "F.conv_transpose2d(x, y, z) | F.conv_transpose2d(x, y, None, 2, 1, 1)"
        " | F.conv_transpose2d(x[0], y, z, dilation=2, output_padding=1)"
        " | F.conv_transpose2d(x, y[:, :3], z, (1, 2), (2, 0), (0, 1), 2, (1, 2))",
        tuple(draws((3, 4, 4, 5), (4, 6, 3, 3), (6,))),
    ),
    "interpolate": (
        "F.interpolate(x, 9) | F.interpolate(x, scale_factor=2) | F.interpolate(x, (4, 11), mode='bilinear')"
        " | F.interpolate(x, None, (0.5, 2.3), 'bilinear', True) | F.interpolate(x[0], 9, mode='linear')"
        " | F.interpolate(x, scale_factor=1.7, mode='bilinear', recompute_scale_factor=True)",
        IMAGES,
    ),
    "pixel_shuffle": ("F.pixel_shuffle(x, 2) | F.pixel_shuffle(x[0], 2) | F.pixel_shuffle(x, 1)", IMAGES),
    "pixel_unshuffle": ("F.pixel_unshuffle(x, 2) | F.pixel_unshuffle(x[0], 2)", (draw(3, 2, 4, 6),)),
    "max_pool2d": (
        "F.max_pool2d(x, 2) | F.max_pool2d(x[0], (3, 2), 1, (1, 0), 2, True)"
        " | F.max_pool2d(x, 3, stride=2, padding=1, return_indices=True) | F.max_pool2d(x[0], 2, return_indices=True)",
        IMAGES,
    ),
    "avg_pool2d": (
        "F.avg_pool2d(x, 2) | F.avg_pool2d(x[0], (3, 2), 2, 1, True, False) | F.avg_pool2d(x, 2, divisor_override=3)",
        IMAGES,
    ),
    "adaptive_avg_pool2d": ("F.adaptive_avg_pool2d(x, 2) | F.adaptive_avg_pool2d(x[0], (None, 4))", IMAGES),
    "max_pool1d": (
        "F.max_pool1d(x, 2) | F.max_pool1d(x[0], (3,), 1, (1,), 2, True) | F.max_pool1d(x, 3, [], return_indices=True)",
        (draw(3, 4, 7),),
    ),
    "avg_pool1d": ("F.avg_pool1d(x, 2) | F.avg_pool1d(x[0], (3,), 2, 1, True, False)", (draw(3, 4, 7),)),
    "adaptive_avg_pool1d": ("F.adaptive_avg_pool1d(x, 2) | F.adaptive_avg_pool1d(x[0], (3,))", (draw(3, 4, 7),)),
    "pad": ("F.pad(x, (1, 2)) | F.pad(x, (1, 0, 0, 2), value=3.0) | F.pad(x, (-1, 1))", ROWS),
    "dropout": ("F.dropout(x, 0.0) | F.dropout(x, 0.5, training=False)", ROWS),
    "dropout2d": ("F.dropout2d(x, 0.5, training=False)", (draw(5, 4, 2, 2),)),
    "relu": ("F.relu(x) | F.relu(x * 1, inplace=True)", ROWS),
    "leaky_relu": ("F.leaky_relu(x) | F.leaky_relu(x, negative_slope=0.3)", ROWS),
    "elu": ("F.elu(x) | F.elu(x, alpha=0.5)", ROWS),
    "glu": ("F.glu(x) | F.glu(x, dim=1) | F.glu(x, -2)", (draw(6, 4),)),
    "prelu": ("F.prelu(x, y) | F.prelu(x, y[:1]) | F.prelu(x, y[0])", tuple(draws((5, 4), (4,)))),
    "celu": ("F.celu(x) | F.celu(x, alpha=0.5)", ROWS),
    "hardsigmoid": ("F.hardsigmoid(x) | F.hardsigmoid(3 * x)", ROWS),
    "hardswish": ("F.hardswish(x) | F.hardswish(3 * x)", ROWS),
    "gelu": ("F.gelu(x) | F.gelu(x, approximate='tanh')", ROWS),
    **{
        name: (f"F.{name}(x)", ROWS)
        for name in ["relu6", "selu", "silu", "mish", "sigmoid", "tanh", "logsigmoid", "softsign"]
    },
    "hardtanh": ("F.hardtanh(x) | F.hardtanh(x, -0.5, 2)", ROWS),
    "softplus": ("F.softplus(x) | F.softplus(x, beta=2, threshold=1)", ROWS),
    "softmax": ("F.softmax(x, 1) | F.softmax(x, dim=0) | F.softmax(x, -1, dtype=lib.float64)", ROWS),
    "log_softmax": ("F.log_softmax(x, 1) | F.log_softmax(x, dim=0)", ROWS),
    "cross_entropy": (
        "F.cross_entropy(x, y) | F.cross_entropy(x, y, reduction='none') | F.cross_entropy(x, y, x[0].detach().abs())"
        " | F.cross_entropy(x, y, label_smoothing=0.1, ignore_index=2)",
        (ROWS[0], LABELS),
    ),
    "nll_loss": ("F.nll_loss(x, y) | F.nll_loss(x, y, reduction='none', ignore_index=3)", (ROWS[0], LABELS)),
    **{
        name: (f"F.{name}(x, y) | F.{name}(x, y, reduction='sum') | F.{name}(x, y, reduction='none')", TWO)
        for name in ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]
    },
    "binary_cross_entropy": ("F.binary_cross_entropy(x, y) | F.binary_cross_entropy(x, y, x.detach())", SHARES),
    "binary_cross_entropy_with_logits": (
        "F.binary_cross_entropy_with_logits(x, y)"
        " | F.binary_cross_entropy_with_logits(x, y, reduction='none', pos_weight=y[0].detach())",
        (ROWS[0], SHARES[0]),
    ),
    "kl_div": ("F.kl_div(x, y, reduction='batchmean') | F.kl_div(x, y, reduction='sum')", LOGS),
    "cosine_similarity": ("F.cosine_similarity(x, y) | F.cosine_similarity(x, y, dim=0)", TWO),
}
NO_FUNCTION_ROW = {
    "fc": "ours alone: linear, with the notebook's (in, out) weight",
    **dict.fromkeys(["rnn_cell", "lstm_cell", "gru_cell"], "torch.lstm_cell and its kin; ops/test_recurrent.py"),
}


def test_every_module_and_function_has_a_row_and_every_row_a_module_or_function():
    assert sorted([*MODULES, *NO_MODULE_ROW]) == sorted(nn.__all__)
    assert sorted([*FUNCTIONS, *NO_FUNCTION_ROW]) == sorted(functional.__all__)


def made(lib: Any, text: str) -> Any:
    return eval(text, {"nn": lib.nn}).double()


def flat(result: Any) -> list:
    """The tensors that a module gives: one, or several, as out, (h_n, c_n)."""
    return [one for part in result for one in flat(part)] if isinstance(result, tuple) else [result]


def tolerance(text: str) -> float:
    return 1e-7 if "ardsigmoid" in text else RTOL  # PyTorch's slope is a sixth in float32, whatever x is


@pytest.mark.parametrize(
    ("text", "inputs"), [(text, inputs) for texts, inputs in MODULES.values() for text in texts.split(" | ")]
)
@pytest.mark.parametrize("mode", [True, False], ids=["train", "eval"])
def test_modules_are_torchs(torch, text, inputs, mode):
    modules = {mg: made(mg, text).train(mode), torch: made(torch, text).train(mode)}
    parameters = {name: draw(*value.shape, seed=7) for name, value in modules[mg].named_parameters()}
    assert list(parameters) == [name for name, _ in modules[torch].named_parameters()]
    assert list(modules[mg].state_dict()) == list(modules[torch].state_dict())

    def run(lib: Any, *tensors: Any) -> list:
        own = list(modules[lib].parameters())
        given = tensors[: len(inputs)]
        with lib.no_grad():
            for parameter, value in zip(own, parameters.values(), strict=True):
                parameter.copy_(lib.tensor(value))
                parameter.grad = None
        outs = flat(modules[lib](*given))
        gradients = []
        if outs[0].requires_grad and own:
            sum((out * out.detach().cos()).sum() for out in outs).backward(retain_graph=True)
            gradients = [parameter.grad.clone() for parameter in own]
            for tensor in given:
                tensor.grad = None
        return [*outs, *gradients]

    agrees_with_torch(run, *inputs, rtol=tolerance(text))


@pytest.mark.parametrize(
    ("text", "inputs"), [(text, inputs) for texts, inputs in FUNCTIONS.values() for text in texts.split(" | ")]
)
def test_functions_are_torchs(text, inputs):
    agrees_with_torch(call_of(text), *inputs, rtol=tolerance(text))


def test_module_constructors_take_torchs_arguments_by_name(torch):
    for name in nn.__all__:
        theirs = getattr(torch.nn, name, None)
        if inspect.isclass(theirs) and name in MODULES and "args" not in inspect.signature(theirs).parameters:
            ours = inspect.signature(getattr(nn, name)).parameters
            missing = {*inspect.signature(theirs).parameters} - {*ours} - {"size_average", "reduce", "inplace"}
            missing -= {"min_value", "max_value"}  # of Hardtanh: former names
            missing -= {"max_norm", "norm_type", "scale_grad_by_freq", "sparse", "_weight", "_freeze"}  # of Embedding
            assert not missing, f"{name} lacks {missing}"
