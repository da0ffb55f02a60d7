"""An autoencoder: images of a spot pass through four numbers, and are painted again."""

from __future__ import annotations

from typing import Any

SIDE = 12


def spots(torch: Any) -> Any:
    """Images (49, 1, 12, 12) of a bright spot, each at another place."""
    along = torch.arange(SIDE).float()
    places = torch.linspace(2.5, SIDE - 3.5, 7)
    line = torch.exp(-((along - places[:, None]) ** 2) / 4)
    return (line[:, None, :, None] * line[None, :, None, :]).reshape(49, 1, SIDE, SIDE)


def make(torch: Any, weights: Any = None) -> Any:
    """The net: down by strides to four numbers, up by a transposed convolution and by an interpolation."""
    nn = torch.nn
    down = [nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.ReLU()]
    code = [nn.Flatten(), nn.Linear(72, 4), nn.Linear(4, 72), nn.ReLU(), nn.Unflatten(1, (8, 3, 3))]
    up = [nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2, mode="bilinear")]
    net = nn.Sequential(*down, *code, *up, nn.Conv2d(8, 1, 3, padding=1), nn.Sigmoid())
    if weights is not None:
        net.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return net


def train(torch: Any, net: Any, steps: int = 100) -> list[float]:
    """The loss of each step."""
    images = spots(torch)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        loss = torch.nn.functional.binary_cross_entropy(net(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
