"""A language model of characters: from the last few, an Embedding and a hidden layer guess the next one.

The text is made by a rule that looks two characters back, so a model that sees only one, such as a table of how often
each follows each, cannot do as well as one that sees more.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

LETTERS = "abcdefgh"
CONTEXT = 3


def text(length: int = 1500) -> list[int]:
    """Letters as numbers: each is the sum of the two before it, but every seventh one adds 1."""
    letters = [1, 2]
    while len(letters) < length:
        letters.append((letters[-1] + letters[-2] + (len(letters) % 7 == 0)) % len(LETTERS))
    return letters


def bigram_loss(letters: list[int]) -> float:
    """The mean -log p(next | last) on the text itself, with p counted there: no bigram table does better."""
    pairs, firsts = Counter(itertools.pairwise(letters)), Counter(letters[:-1])
    return -sum(n * math.log(n / firsts[first]) for (first, _), n in pairs.items()) / (len(letters) - 1)


def make(torch: Any, weights: Any = None) -> Any:
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(len(LETTERS), 8)
            self.hidden = nn.Linear(CONTEXT * 8, 64)
            self.out = nn.Linear(64, len(LETTERS))

        def forward(self, context: Any) -> Any:
            return self.out(torch.tanh(self.hidden(self.embed(context).flatten(1))))

    model = Model()
    if weights is not None:
        model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return model


def train(torch: Any, model: Any, steps: int = 200) -> list[float]:
    """The loss of each step, on batches that walk through the text."""
    letters = torch.tensor(text())
    windows = torch.stack([letters[i : i + CONTEXT] for i in range(len(letters) - CONTEXT)])
    following = letters[CONTEXT:]
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for step in range(steps):
        start = step * 128 % (len(windows) - 128)
        x, y = windows[start : start + 128], following[start : start + 128]
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def sample(torch: Any, model: Any, length: int = 40) -> str:
    """Text that the model makes up."""
    letters = [1, 2, 3]
    with torch.no_grad():
        for _ in range(length):
            logits = model(torch.tensor([letters[-CONTEXT:]]))
            shares = torch.nn.functional.softmax(logits, dim=-1)
            letters.append(torch.multinomial(shares, num_samples=1).item())
    return "".join(LETTERS[letter] for letter in letters)
