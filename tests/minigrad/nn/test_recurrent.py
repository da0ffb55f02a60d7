"""Recurrent networks beside PyTorch's, with every option, and beside the plainest loop over their cells."""

import itertools
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings
from tests.minigrad.test_sweep_nn import flat

pytestmark = inf_and_nan_without_warnings

KINDS = ["RNN", "LSTM", "GRU"]
each_kind = pytest.mark.parametrize("kind", KINDS)
OPTIONS = {
    "num_layers": [1, 2],
    "bias": [True, False],
    "batch_first": [False, True],
    "bidirectional": [False, True],
}
COMBINATIONS = [dict(zip(OPTIONS, values, strict=True)) for values in itertools.product(*OPTIONS.values())]


def pair(torch, kind, *sizes, **options):
    """A module of each library, with the same parameters."""
    ours, theirs = (getattr(lib.nn, kind)(*sizes, **options).double() for lib in (mg, torch))
    theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
    return {mg: ours, torch: theirs}


def agree(modules, *arrays):
    """Values, and the gradients of all that is given and of all parameters, are the same to 1e-10."""

    def run(lib, x, *states):
        module = modules[lib]
        for parameter in module.parameters():
            parameter.grad = None
        hx = () if not states else (states[0] if len(states) == 1 else states,)
        outs = flat(module(x, *hx))
        sum((out * out.detach().cos()).sum() for out in outs).backward(retain_graph=True)
        own = [parameter.grad.clone() for parameter in module.parameters()]
        for tensor in (x, *states):
            tensor.grad = None
        return [*outs, *own]

    agrees_with_torch(run, *arrays, rtol=1e-10, atol=1e-12)


@each_kind
@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(map(str, options.values())))
@pytest.mark.parametrize("shape", [(4, 2, 3), (1, 1, 3), (4, 3)], ids=str)
def test_values_gradients_and_names_are_torchs_with_and_without_a_state(torch, kind, options, shape):
    modules = pair(torch, kind, 3, 2, **options)
    assert repr(modules[mg]) == repr(modules[torch])
    named = [[(name, tuple(p.shape)) for name, p in module.named_parameters()] for module in modules.values()]
    assert named[0] == named[1]
    cells = options["num_layers"] * (1 + options["bidirectional"])
    batch = () if len(shape) == 2 else (shape[1 - options["batch_first"]],)
    states = [draw(cells, *batch, 2, seed=seed) for seed in range(1 + (kind == "LSTM"))]
    agree(modules, draw(*shape))
    agree(modules, draw(*shape), *states)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (3,)], ids=["one", "batch"])
def test_cells_are_torchs_with_and_without_a_state(torch, kind, bias, batch):
    modules = pair(torch, kind, 3, 2, bias=bias)
    assert all((module.bias_ih is None) == (not bias) for module in modules.values())
    assert repr(modules[mg]) == repr(modules[torch])
    agree(modules, draw(*batch, 3))
    agree(modules, draw(*batch, 3), *[draw(*batch, 2, seed=seed) for seed in range(1 + (kind == "LSTMCell"))])


@pytest.mark.parametrize("kind", ["RNN", "RNNCell"])
def test_a_plain_network_may_have_relu(torch, kind):
    modules = pair(torch, kind, 3, 2, nonlinearity="relu")
    assert repr(modules[mg]) == repr(modules[torch])
    agree(modules, draw(4, 2, 3) if kind == "RNN" else draw(4, 3))


@each_kind
@pytest.mark.parametrize("training", [True, False])
def test_dropout_lies_between_layers_and_in_training_only(torch, kind, training):
    modules = pair(torch, kind, 3, 2, num_layers=3, dropout=1.0)  # so that nothing is left to chance
    agree({lib: module.train(training) for lib, module in modules.items()}, draw(4, 2, 3))
    assert repr(modules[mg]) == repr(modules[torch])


def test_dropout_leaves_out_a_share():
    mg.manual_seed(0)
    net = nn.RNN(1, 400, num_layers=2, dropout=0.25, nonlinearity="relu", bias=False)
    with mg.no_grad():
        net.weight_ih_l0.fill_(1)
        net.weight_hh_l0.fill_(0)
        net.weight_ih_l1.copy_(mg.eye(400))
        net.weight_hh_l1.fill_(0)
    out, h_n = net(mg.ones(5, 1, 1))
    assert set(np.unique(out.detach().numpy().round(5))) == {0, np.float32(1.33333)}
    assert abs((out == 0).float().mean().item() - 0.25) < 0.03
    assert (h_n[0] == 1).all()  # it lies on the way up, not on that to the next step


@each_kind
def test_a_network_is_the_plainest_loop_over_its_cell(kind):
    net, cell = getattr(nn, kind)(3, 2).double(), getattr(nn, f"{kind}Cell")(3, 2).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in net.state_dict().items()})
    x = mg.tensor(draw(5, 4, 3))
    state, hs = None, []
    for step in x:
        state = cell(step, state)
        hs.append(state[0] if kind == "LSTM" else state)
    out, end = net(x)
    upstream = mg.tensor(draw(5, 4, 2))
    out.backward(upstream, retain_graph=True)
    mg.stack(hs).backward(upstream, retain_graph=True)
    pairs = [(out, mg.stack(hs)), *zip(flat(end), flat(state), strict=True)]
    pairs += [(one.grad, other.grad) for one, other in zip(net.parameters(), cell.parameters(), strict=True)]
    for one, other in pairs:
        np.testing.assert_allclose(one.detach().numpy().squeeze(), other.detach().numpy(), rtol=1e-12, atol=1e-14)


@each_kind
def test_a_state_dict_goes_both_ways(torch, kind):
    ours, theirs = (getattr(lib.nn, kind)(3, 2, num_layers=2, bidirectional=True) for lib in (mg, torch))
    x = draw(4, 2, 3).astype(np.float32)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    np.testing.assert_allclose(
        ours(mg.tensor(x))[0].detach(), theirs(torch.tensor(x))[0].detach(), rtol=1e-5, atol=1e-6
    )
    other = getattr(torch.nn, kind)(3, 2, num_layers=2, bidirectional=True)
    other.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
    assert all((one == two).all() for one, two in zip(other.parameters(), theirs.parameters(), strict=True))


@pytest.mark.parametrize("kind", [*KINDS, "RNNCell", "LSTMCell", "GRUCell"])
def test_parameters_start_uniform_on_one_over_the_root_of_hidden_size(kind):
    module = getattr(nn, kind)(30, 100)
    for parameter in module.parameters():
        values = parameter.detach().numpy()
        assert abs(values).max() <= 0.1 and abs(values).max() > 0.095
        assert abs(values.std() - 0.1 / math.sqrt(3)) < 0.008 and abs(values.mean()) < 0.02


@each_kind
def test_fifty_steps_of_training_have_torchs_losses(torch, kind):
    letters = np.random.default_rng(0).integers(0, 5, (6, 9))

    def losses(lib, weights=None):
        class Net(lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = lib.nn.Embedding(5, 3)
                self.walk = getattr(lib.nn, kind)(3, 8, batch_first=True)
                self.out = lib.nn.Linear(8, 5)

            def forward(self, x):
                return self.out(self.walk(self.embed(x))[0])

        net = Net().double()
        start = {name: value.numpy().copy() for name, value in net.state_dict().items()} if weights is None else weights
        net.load_state_dict({name: lib.tensor(value) for name, value in start.items()})
        optimizer = lib.optim.Adam(net.parameters(), lr=0.02)
        text, course = lib.tensor(letters), []
        for _ in range(50):
            loss = lib.nn.functional.cross_entropy(net(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            lib.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            course.append(loss.item())
        return course, start

    ours, weights = losses(mg)
    np.testing.assert_allclose(ours, losses(torch, weights)[0], rtol=1e-8)
    assert ours[-1] < 0.6 * ours[0]


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("nn.LSTM(3, 2, proj_size=1)", NotImplementedError, "LSTM: proj_size is not supported; put a Linear after"),
        ("nn.GRU(3, 2)([1.0])", TypeError, "GRU: expected a Tensor, got list. Packed sequences are not supported: pad"),
        ("nn.LSTM(3, 2)(mg.ones(5, 4, 2))", ValueError, r"LSTM: input must be \(steps, batch, input_size\) or \(steps"),
        ("nn.LSTM(3, 2)(mg.ones(5, 4, 2))", ValueError, r"input_size = 3, got input.shape = \(5, 4, 2\)\."),
        ("nn.LSTM(3, 2, batch_first=True)(mg.ones(3))", ValueError, r"must be \(batch, steps, input_size\) or \(steps"),
        (
            "nn.GRU(3, 2)(mg.ones(0, 4, 3))",
            ValueError,
            r"GRU: expected at least one step, got input.shape = \(0, 4, 3\)",
        ),
        (
            "nn.GRU(3, 2)(mg.ones(5, 4, 3), mg.ones(4, 2))",
            ValueError,
            r"GRU: h of hx must be \(1, 4, 2\) .* got \(4, 2\)",
        ),
        (
            "nn.LSTM(3, 2)(mg.ones(5, 4, 3), mg.ones(1, 4, 2))",
            TypeError,
            r"LSTM: hx must be a pair of Tensors \(h, c\)",
        ),
        ("nn.RNN(3, 2)(mg.ones(5, 4, 3), (mg.ones(1, 4, 2),))", TypeError, "RNN: hx must be a Tensor, got tuple"),
        ("nn.LSTM(3, 2)(mg.ones(5, 3), (mg.ones(1, 2), mg.ones(1, 3)))", ValueError, r"c of hx must be \(1, 2\)"),
        (
            "nn.LSTMCell(3, 2)(mg.ones(4, 3), (mg.ones(4, 2), mg.ones(2)))",
            ValueError,
            r"LSTMCell: c of hx must be \(4, 2",
        ),
        ("nn.GRUCell(3, 2)(mg.ones(1, 4, 3))", ValueError, r"GRUCell: input must be \(batch, input_size\) or \(input"),
        ("nn.RNN(3, 2, nonlinearity='elu')", ValueError, "RNN: nonlinearity must be 'tanh' or 'relu', got 'elu'"),
        (
            "nn.RNNCell(3, 2, nonlinearity='elu')",
            ValueError,
            "RNNCell: nonlinearity must be 'tanh' or 'relu', got 'elu'",
        ),
        ("nn.RNN(3, 2, num_layers=0)", ValueError, "RNN: num_layers must be a positive int, got 0"),
        ("nn.RNN(3, 0)", ValueError, "RNN: hidden_size must be positive, got 0"),
        ("nn.RNN(3, 2.0)", TypeError, "RNN: hidden_size must be an int, got 2.0"),
        ("nn.RNN(3, 2, 2, dropout=1.5)", ValueError, "RNN: dropout is a probability, 0..1, got 1.5"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(call, error, message):
    with pytest.raises(error, match=message):
        eval(call, {"nn": nn, "mg": mg})


def test_dropout_of_one_layer_is_warned_of():
    with pytest.warns(UserWarning, match="LSTM: dropout lies between layers, so with num_layers=1 dropout=0.5 does"):
        nn.LSTM(3, 2, dropout=0.5)


def test_an_empty_batch_and_what_needs_no_gradient():
    out, (h, c) = nn.LSTM(3, 2)(mg.ones(5, 0, 3))
    assert (out.shape, h.shape, c.shape) == ((5, 0, 2), (1, 0, 2), (1, 0, 2))
    with mg.no_grad():
        assert not nn.GRU(3, 2)(mg.ones(5, 1, 3))[0].requires_grad
    net = nn.GRU(3, 2)
    net.weight_hh_l0.requires_grad_(False)
    net(mg.ones(5, 1, 3))[0].sum().backward()
    assert net.weight_hh_l0.grad is None and net.weight_ih_l0.grad is not None
    assert net.flatten_parameters() is None


def test_the_tape_has_a_row_for_each_step_and_the_summary_all_outputs():
    net, x = nn.LSTM(3, 2), mg.randn(4, 1, 3)
    with mg.Tape() as tape:
        net(x)[0].sum().backward()
    assert [record.op.name for record in tape].count("lstm_cell") == 4
    row = mg.summary(net, x).rows[0]
    assert row.outputs == [(4, 1, 2), (1, 1, 2), (1, 1, 2)] and row.parameters == 8 * (3 + 2 + 2)
    assert mg.graph(net, x).to_dot().count("lstm_cell") >= 4
