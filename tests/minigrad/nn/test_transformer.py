"""The transformer beside PyTorch's: with masks, in both orders of norm and sublayer, and trained."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.minigrad.nn.test_recurrent import pair
from tests.minigrad.parity import agrees_with_torch, draw

# PyTorch's: of what is slower there, and of masks of two kinds, which it turns into one
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:Support for mismatched")

N, S, T, D = 2, 4, 3, 6
LATER = np.triu(np.ones((T, T), bool), 1)
PADDING = np.array([[False, False, False, True], [False, False, False, False]])
SIZES = (D, 2, 2, 1, 5, 0.0)


def agree(modules, *arrays, **masks):
    """The result, and the gradients of all that is given and of all parameters, are the same to 1e-9."""

    def run(lib, *given):
        module = modules[lib]
        for parameter in module.parameters():
            parameter.grad = None
        out = module(*given, **{name: lib.tensor(mask) for name, mask in masks.items()})
        (out * out.detach().cos()).sum().backward(retain_graph=True)
        own = [parameter.grad.clone() for parameter in module.parameters()]
        for tensor in given:
            tensor.grad = None
        return [out, *own]

    agrees_with_torch(run, *arrays, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"bias": False}, {"activation": "gelu"}], ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_values_and_gradients_are_torchs_with_masks(torch, options, batch_first):
    modules = pair(torch, "Transformer", *SIZES, batch_first=batch_first, **options)
    arrays = draw(S, N, D), draw(T, N, D, seed=1)
    if batch_first:
        arrays = [array.swapaxes(0, 1).copy() for array in arrays]
    agree(
        modules,
        *arrays,
        src_key_padding_mask=PADDING,
        tgt_mask=LATER,
        memory_key_padding_mask=PADDING,
        src_mask=draw(S, S, seed=2) > 1,
        memory_mask=np.log(0.1 + draw(T, S, seed=3) ** 2),
        tgt_key_padding_mask=np.array([[False, False, False], [False, True, False]]),
    )


def test_layers_are_copies_and_have_torchs_names_and_looks(torch):
    ours, theirs = (lib.nn.Transformer(*SIZES) for lib in (mg, torch))
    assert repr(ours) == repr(theirs).replace("NonDynamicallyQuantizableLinear", "Linear")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for kind in ("Encoder", "Decoder"):
        layer = getattr(nn, f"Transformer{kind}Layer")(D, 2, 5)
        first, second = getattr(nn, f"Transformer{kind}")(layer, 2).layers
        assert first is not layer and first.linear1.weight is not second.linear1.weight
        assert (first.linear1.weight == second.linear1.weight).all()


def test_it_begins_as_torchs_does(torch):
    ours, theirs = (lib.nn.Transformer(60, 2, 1, 1, 90) for lib in (mg, torch))
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(one.abs().max().item(), other.abs().max().item(), rtol=0.1)


@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_causal_is_the_mask_that_hides_what_comes_later(kind):
    x, memory = mg.tensor(draw(T, N, D)), [mg.tensor(draw(S, N, D, seed=1))][: kind == "Decoder"]
    layer = getattr(nn, f"Transformer{kind}Layer")(D, 2, 5, 0.0).double()
    net = getattr(nn, f"Transformer{kind}")(layer, 2)
    mask, is_causal = {"Encoder": ("mask", "is_causal"), "Decoder": ("tgt_mask", "tgt_is_causal")}[kind]
    expected = net(x, *memory, **{mask: mg.tensor(LATER)})
    np.testing.assert_array_equal(net(x, *memory, **{is_causal: True}).detach(), expected.detach())
    changed = x.clone()
    changed[2] += 1
    later = net(changed, *memory, **{is_causal: True})
    assert (later[:2] == expected[:2]).all() and (later[2] != expected[2]).all()


def test_the_mask_of_steps_to_come_is_torchs(torch):
    for size in (0, 1, 4):
        ours, theirs = (lib.nn.Transformer.generate_square_subsequent_mask(size) for lib in (mg, torch))
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == np.float32
    assert nn.Transformer.generate_square_subsequent_mask(2, dtype=mg.float64).dtype == np.float64


def test_dropout_is_in_training_only_and_reaches_every_sublayer(torch):
    x = draw(T, N, D), draw(S, N, D, seed=1)
    modules = pair(torch, "TransformerDecoderLayer", D, 2, 5, dropout=1.0)  # so that nothing is left to chance
    agree(modules, *x)
    agree({lib: module.eval() for lib, module in modules.items()}, *x)
    for number in ("", 1, 2, 3):
        layer = nn.TransformerDecoderLayer(D, 2, 5, dropout=0.0).double()
        before = layer(*map(mg.tensor, x))
        getattr(layer, f"dropout{number}").p = 1.0
        assert (layer(*map(mg.tensor, x)) != before).any()


def test_an_encoder_or_a_decoder_of_ones_own_takes_its_place():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(D, 2, 5), 1)
    net = nn.Transformer(D, 2, 1, 1, 5, custom_encoder=encoder)
    assert net.encoder is encoder and len(net.decoder.layers) == 1
    assert nn.Transformer(D, 2, 1, 1, 5, custom_decoder=nn.Identity()).decoder.__class__ is nn.Identity


def test_twenty_steps_of_training_have_torchs_losses(torch):
    """It learns to say a sequence of letters backwards."""
    letters = np.random.default_rng(0).integers(0, 5, (8, T))
    curves = []
    modules = pair(torch, "Transformer", D, 2, 1, 1, 8, 0.0, batch_first=True)
    for lib, net in modules.items():
        table = lib.tensor(draw(6, D, seed=4))
        start = np.concatenate([np.full((8, 1), 5), letters[:, ::-1][:, :-1]], 1)
        rule = lib.optim.Adam(net.parameters(), 0.01)
        losses = []
        for _ in range(20):
            out = net(table[lib.tensor(letters)], table[lib.tensor(start)], tgt_mask=lib.tensor(LATER))
            labels = lib.tensor(letters[:, ::-1].copy()).flatten()
            loss = lib.nn.functional.cross_entropy((out @ table[:5].T).flatten(0, 1), labels)
            rule.zero_grad()
            loss.backward()
            rule.step()
            losses.append(loss.item())
        curves.append(losses)
    np.testing.assert_allclose(*curves, rtol=1e-6)
    assert curves[0][-1] < 0.8 * curves[0][0]


def test_an_unknown_activation_is_told():
    with pytest.raises(ValueError, match=r"^TransformerEncoderLayer: .* one of relu, gelu, got 'tanh'"):
        nn.TransformerEncoderLayer(D, 2, activation="tanh")
