"""A small network that tells two spirals apart."""

from __future__ import annotations

import math
from typing import Any


def spirals(torch: Any, count: int = 100) -> tuple[Any, Any]:
    """`count` points on each of two arms that wind around each other, and which arm each lies on."""
    along = torch.linspace(0.3, 1.0, count)
    angle = 2.5 * math.pi * along
    arm = torch.stack([along * torch.cos(angle), along * torch.sin(angle)], dim=1)
    return torch.cat([arm, -arm]), torch.cat([torch.zeros(count), torch.ones(count)]).long()


def train(torch: Any, epochs: int = 150, weights: Any = None) -> tuple[Any, list[float], float]:
    """The net, the loss of each epoch, and how much of the training set it gets right in the end."""
    nn = torch.nn
    x, labels = spirals(torch)
    net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    if weights is not None:
        net.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=100, gamma=0.3)
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = criterion(net(x), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        right = (net(x).argmax(dim=1) == labels).float().mean().item()
    return net, losses, right
