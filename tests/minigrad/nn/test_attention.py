"""Attention by several heads beside PyTorch's, with its options and masks."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from tests.minigrad.nn.test_recurrent import pair
from tests.minigrad.parity import agrees_with_torch, draw

# PyTorch's: of what is slower there, and of masks of two kinds, which it turns into one
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:Support for mismatched")

N, L, S, E = 2, 3, 4, 6
HIDDEN = np.array([[False, False, True, False], [True, False, False, False], [False, False, False, True]])
PADDING = np.array([[False, False, False, True], [False, False, False, False]])
ADDED = draw(L, S, seed=5)
MASKS = {
    "none": {},
    "bools": {"attn_mask": HIDDEN},
    "floats": {"attn_mask": ADDED},
    "one a head": {"attn_mask": np.stack([HIDDEN, HIDDEN[::-1], HIDDEN[:, ::-1], HIDDEN[1:2].repeat(3, 0)])},
    "padding": {"key_padding_mask": PADDING},
    "both": {"attn_mask": HIDDEN, "key_padding_mask": PADDING},
    "bools and floats": {"attn_mask": ADDED, "key_padding_mask": np.where(PADDING, -math.inf, 0.5)},
}


def agree(modules, *arrays, weights=True, **options):
    """Output, weights, and all gradients are the same to 1e-10."""

    def run(lib, *given):
        module = modules[lib]
        for parameter in module.parameters():
            parameter.grad = None
        masks = {name: lib.tensor(value) if isinstance(value, np.ndarray) else value for name, value in options.items()}
        out, seen = module(*given, need_weights=weights, **masks)
        assert (seen is not None) == weights
        outs = [out, seen] if weights else [out]
        sum((one * one.detach().cos()).sum() for one in outs).backward(retain_graph=True)
        own = [parameter.grad.clone() for parameter in module.parameters()]
        for tensor in given:
            tensor.grad = None
        return [*outs, *own]

    agrees_with_torch(run, *arrays, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"bias": False}, {"kdim": 3, "vdim": 5}], ids=str)
@pytest.mark.parametrize("average", [True, False])
def test_values_weights_and_gradients_are_torchs(torch, masks, options, average):
    modules = pair(torch, "MultiheadAttention", E, 2, **options)
    shapes = (L, N, E), (S, N, options.get("kdim", E)), (S, N, options.get("vdim", E))
    arrays = [draw(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    if "batch_first" in options:
        arrays = [array.swapaxes(0, 1).copy() for array in arrays]
    agree(modules, *arrays, average_attn_weights=average, **masks)
    agree(modules, *arrays, weights=False, **masks)


@pytest.mark.parametrize("masks", [{}, {"attn_mask": HIDDEN, "key_padding_mask": PADDING[0]}], ids=["none", "both"])
def test_there_need_be_no_batch(torch, masks):
    agree(pair(torch, "MultiheadAttention", E, 3), draw(L, E), draw(S, E, seed=1), draw(S, E, seed=2), **masks)


def test_a_head_is_attention_in_its_part_of_the_features():
    net = nn.MultiheadAttention(E, 2).double()
    query, other = mg.tensor(draw(L, E)), mg.tensor(draw(S, E, seed=1))
    weights, biases = net.in_proj_weight.chunk(3), net.in_proj_bias.chunk(3)
    heads = []
    for part in (slice(0, 3), slice(3, 6)):
        q, k, v = (
            x @ weight[part].T + bias[part]
            for x, weight, bias in zip((query, other, other), weights, biases, strict=True)
        )
        heads.append(F.scaled_dot_product_attention(q, k, v))
    expected = net.out_proj(mg.cat(heads, 1))
    np.testing.assert_allclose(net(query, other, other)[0].detach(), expected.detach(), rtol=1e-12)


@pytest.mark.parametrize("padded", [False, True])
def test_causal_is_the_mask_that_hides_what_comes_later(padded):
    net, x = nn.MultiheadAttention(E, 2).double(), mg.tensor(draw(S, N, E))
    masks = {"key_padding_mask": mg.tensor(PADDING)} if padded else {}
    later = mg.ones(S, S, dtype=bool).triu(1)
    given, asked = (net(x, x, x, attn_mask=mask, is_causal=mask is None, **masks) for mask in (later, None))
    for one, other in zip(given, asked, strict=True):
        np.testing.assert_array_equal(one.detach(), other.detach())
    assert (asked[1][0].triu(1) == 0).all() and asked[1][0, 0, 0] == 1


def test_a_query_that_sees_no_key_gets_what_the_bias_says():
    net, x = nn.MultiheadAttention(E, 2), mg.randn(S, N, E, requires_grad=True)
    out, weights = net(x, x, x, key_padding_mask=mg.tensor([[True] * S, [False] * S]))
    out.sum().backward()
    assert (weights[0] == 0).all() and (out[:, 0] == 0).all() and x.grad.isfinite().all()


def test_dropout_leaves_out_weights_in_training_only():
    mg.manual_seed(0)
    net, x = nn.MultiheadAttention(2, 1, dropout=0.25), mg.zeros(100, 1, 2)
    weights = net(x, x, x)[1]
    assert set(np.unique((weights * 100).detach().numpy().round(4))) == {0, np.float32(1.3333)}
    assert abs((weights == 0).float().mean().item() - 0.25) < 0.02
    assert set(np.unique((net.eval()(x, x, x)[1] * 100).detach().numpy().round(4))) == {1}


def test_it_begins_as_torchs_does(torch):
    for options in ({}, {"kdim": 300, "vdim": 100}):
        ours, theirs = (lib.nn.MultiheadAttention(200, 4, **options) for lib in (mg, torch))
        for (name, one), (other_name, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert name == other_name
            np.testing.assert_allclose(one.std().item(), other.std().item(), rtol=0.03)
            np.testing.assert_allclose(one.abs().max().item(), other.abs().max().item(), rtol=0.03)


X = mg.ones(L, N, E)
WRONG = {
    "no tensor": (lambda: net()(X, X, None), TypeError, "value must be a Tensor, got None"),
    "features that heads cannot share": (lambda: nn.MultiheadAttention(5, 2), ValueError, "embed_dim=5 .* num_heads=2"),
    "no heads": (lambda: nn.MultiheadAttention(5, 0), ValueError, "cannot be shared by num_heads=0"),
    "bias_kv": (lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True), NotImplementedError, "are not supported"),
    "other features": (
        lambda: nn.MultiheadAttention(4, 2)(X, X, X),
        mg.ShapeError,
        r"query \(L, N, 4\), key \(S, N, 4\)",
    ),
    "another batch": (lambda: net()(X, X[:, :1], X[:, :1]), mg.ShapeError, r"got \(3, 2, 6\), \(3, 1, 6\)"),
    "keys without values": (lambda: net()(X, X, X[:2]), mg.ShapeError, r"value \(S, N, 6\), or all three without N"),
    "one without a batch": (lambda: net()(X, X[:, 0], X), mg.ShapeError, r"got \(3, 2, 6\), \(3, 6\) and"),
    "batch first": (lambda: net(batch_first=True)(X, X, X[:2]), mg.ShapeError, r"query \(N, L, 6\), key \(N, S, 6\)"),
    "no batch, fewer values": (lambda: net()(X[0], X[0], X[0, :1]), mg.ShapeError, "or all three without N"),
    "mask": (
        lambda: net()(X, X, X, attn_mask=mg.ones(3, 2) > 0),
        mg.ShapeError,
        r"\(3, 3\) or \(4, 3, 3\), got \(3, 2\)",
    ),
    "padding": (
        lambda: net()(X, X, X, mg.ones(3) > 0),
        mg.ShapeError,
        r"key_padding_mask must be \(2, 3\), got \(3,\)",
    ),
    "integers": (lambda: net()(X, X, X, attn_mask=mg.ones(3, 3).int()), mg.DtypeError, "bool, or float .* got int32"),
}


def net(**options):
    return nn.MultiheadAttention(E, 2, **options)


@pytest.mark.parametrize(("wrong", "error", "words"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_told(wrong, error, words):
    with pytest.raises(error, match=f"^MultiheadAttention: .*{words}"):
        wrong()
