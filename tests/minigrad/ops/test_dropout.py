import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops import dropout
from tests.minigrad.parity import draw, slopes_agree


def test_the_pairs_backward_is_the_slope_of_its_forward():
    mask = np.array([0, 1, 2, 2], np.float32)
    forward, backward = dropout.dropout_forward, dropout.dropout_backward
    slopes_agree(lambda x: forward(x, mask), lambda dout, cache: backward(dout, cache)[0], draw(3, 4))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_elements_are_0_with_probability_p_and_the_rest_grow_and_the_gradient_is_the_mask(p):
    x = mg.ones(200, 200, requires_grad=True)
    out = F.dropout(x, p)
    values = np.unique(out.detach().numpy())
    np.testing.assert_allclose(values, [0, 1 / (1 - p)], rtol=1e-6)
    assert abs((out.detach().numpy() == 0).mean() - p) < 0.01 and out.dtype == mg.float32
    out.backward(mg.full((200, 200), 3.0))
    np.testing.assert_allclose(x.grad.numpy(), 3 * out.detach().numpy())


def test_nothing_and_everything_can_be_dropped():
    x = mg.ones(5, requires_grad=True)
    assert F.dropout(x, 0.0) is x and F.dropout(x, 0.5, training=False) is x
    out = F.dropout(x, 1.0)
    out.sum().backward()
    assert out.tolist() == [0] * 5 and x.grad.tolist() == [0] * 5
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match="dropout: p is a probability"):
            F.dropout(x, p)


@pytest.mark.parametrize("shape", [(40, 30, 2, 3), (500, 2, 3)])
def test_dropout2d_drops_whole_channels(shape):
    out = F.dropout2d(mg.ones(*shape), 0.4).numpy()
    channels = out.reshape(-1, 6)
    assert (channels == channels[:, :1]).all() and 0.3 < (channels[:, 0] == 0).mean() < 0.5
    with pytest.raises(mg.ShapeError, match="dropout2d: expected"):
        F.dropout2d(mg.ones(2, 3))
