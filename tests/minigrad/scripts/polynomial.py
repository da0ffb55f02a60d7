"""A cubic polynomial fitted to sin on [-π, π], written in each of the styles that people write such a thing.

Each function takes the library, `minigrad` or PyTorch, as `torch`, and gives the losses along the way. All start from
the same coefficients, so the losses are the same too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

START = [0.1, -0.2, 0.05, 0.3]  # of 1, x, x², x³
STEPS, RATE = 200, 1e-6


def by_hand_with_arrays(torch: Any) -> list[float]:
    """Plain arrays, gradients derived on paper: what every other style must agree with."""
    x = np.linspace(-math.pi, math.pi, 500)
    y, (a, b, c, d), losses = np.sin(x), START, []
    for _ in range(STEPS):
        residual = a + b * x + c * x**2 + d * x**3 - y
        losses.append(float((residual**2).sum()))
        a -= RATE * (2 * residual).sum()
        b -= RATE * (2 * residual * x).sum()
        c -= RATE * (2 * residual * x**2).sum()
        d -= RATE * (2 * residual * x**3).sum()
    return losses


def data(torch: Any) -> tuple[Any, Any]:
    x = torch.linspace(-math.pi, math.pi, 500, dtype=torch.float64)
    return x, torch.sin(x)


def by_hand_with_tensors(torch: Any) -> list[float]:
    """Tensors in the place of arrays, still without autograd."""
    (x, y), losses = data(torch), []
    a, b, c, d = (torch.tensor(start, dtype=torch.float64) for start in START)
    for _ in range(STEPS):
        residual = a + b * x + c * x**2 + d * x**3 - y
        losses.append(residual.pow(2).sum().item())
        upstream = 2.0 * residual
        a -= RATE * upstream.sum()
        b -= RATE * (upstream * x).sum()
        c -= RATE * (upstream * x**2).sum()
        d -= RATE * (upstream * x**3).sum()
    return losses


def with_autograd(torch: Any) -> list[float]:
    """Autograd finds the gradients; the update is written under no_grad."""
    (x, y), losses = data(torch), []
    coefficients = [torch.tensor(start, dtype=torch.float64, requires_grad=True) for start in START]
    for _ in range(STEPS):
        loss = (sum(k * x**power for power, k in enumerate(coefficients)) - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for coefficient in coefficients:
                coefficient -= RATE * coefficient.grad
                coefficient.grad = None
    return losses


def with_a_function_of_ones_own(torch: Any) -> list[float]:
    """A cube whose backward is written by its user."""

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            (x,) = ctx.saved_tensors
            return upstream * 3 * x**2

    (x, y), losses = data(torch), []
    a, b, c, d = (torch.tensor(start, dtype=torch.float64, requires_grad=True) for start in START)
    for _ in range(STEPS):
        root = torch.sign(d.detach()) * d.detach().abs() ** (1 / 3)  # d x³ is the cube of (∛d x)
        root.requires_grad_(True)
        loss = (a + b * x + c * x**2 + Cube.apply(root * x) - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            d -= RATE * root.grad / (3 * root**2)  # d is the root's cube
            for coefficient in (a, b, c):
                coefficient -= RATE * coefficient.grad
                coefficient.grad.zero_()
    return losses


def features(torch: Any) -> tuple[Any, Any]:
    x, y = data(torch)
    return x.unsqueeze(-1).pow(torch.tensor([1, 2, 3])), y


def linear_net(torch: Any) -> Any:
    net = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1)).double()
    with torch.no_grad():
        net[0].bias.fill_(START[0])
        net[0].weight.copy_(torch.tensor([START[1:]], dtype=torch.float64))
    return net


def with_modules(torch: Any) -> list[float]:
    """A linear layer on x, x², x³, a loss as a module, and the parameters stepped by hand."""
    (x, y), net, losses = features(torch), linear_net(torch), []
    loss_of = torch.nn.MSELoss(reduction="sum")
    for _ in range(STEPS):
        loss = loss_of(net(x), y)
        losses.append(loss.item())
        net.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= RATE * parameter.grad
    return losses


def with_an_optimiser(torch: Any) -> list[float]:
    """The same net, stepped by RMSprop."""
    (x, y), net, losses = features(torch), linear_net(torch), []
    loss_of = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    for _ in range(STEPS):
        loss = loss_of(net(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def with_a_module_of_ones_own(torch: Any) -> list[float]:
    """Four parameters in a class."""

    class Polynomial(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, start in zip("abcd", START, strict=True):
                setattr(self, name, torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)))

        def forward(self, x: Any) -> Any:
            return self.a + self.b * x + self.c * x**2 + self.d * x**3

        def string(self) -> str:
            return f"y = {self.a.item():.3f} + {self.b.item():.3f} x + {self.c.item():.3f} x² + {self.d.item():.3f} x³"

    (x, y), model, losses = data(torch), Polynomial(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        loss = torch.nn.functional.mse_loss(model(x), y, reduction="sum")
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model.string().startswith("y = ")
    return losses


def with_control_flow_and_shared_weights(torch: Any) -> list[float]:
    """A module that goes another way each time, and uses one of its parameters up to three times."""

    class Sometimes(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, start in zip("abcd", START, strict=True):
                setattr(self, name, torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)))
            self.e = torch.nn.Parameter(torch.tensor(0.001, dtype=torch.float64))
            self.calls = 2

        def forward(self, x: Any) -> Any:
            y = self.a + self.b * x + self.c * x**2 + self.d * x**3
            for power in range(4, 4 + self.calls % 3):
                y = y + self.e * x**power
            self.calls += 1
            return y

    (x, y), model, losses = data(torch), Sometimes(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-8, momentum=0.9)
    for _ in range(STEPS):
        loss = torch.nn.MSELoss(reduction="sum")(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
    return losses


SAME = [by_hand_with_tensors, with_autograd, with_a_function_of_ones_own, with_modules, with_a_module_of_ones_own]
OTHER = [with_an_optimiser, with_control_flow_and_shared_weights]
