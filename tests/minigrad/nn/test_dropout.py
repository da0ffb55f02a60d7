import pytest

import minigrad as mg
from minigrad import nn


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_it_drops_in_training_only(kind):
    layer, x = kind(0.5), mg.ones(8, 8, 2, 2)
    assert 0 < (layer(x).numpy() == 0).mean() < 1
    assert layer.eval()(x) is x
    assert repr(layer) == f"{kind.__name__}(p=0.5, inplace=False)"
    with pytest.raises(ValueError, match=f"{kind.__name__}: p is a probability"):
        kind(1.5)


def test_dropout2d_lets_channels_fall_as_one():
    channels = nn.Dropout2d(0.5)(mg.ones(20, 10, 2, 3)).numpy().reshape(200, 6)
    assert (channels == channels[:, :1]).all()
