"""A training that is killed and resumed in test_resume.py: `python -m ... CHECKPOINT RESULT momentum|adam`.

Small, but with everything that has a state: momentum or Adam, a scheduler, dropout, batch-norm, shuffling from the
library's stream and from one of the loader's own.
"""

from __future__ import annotations

import json
import sys

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.data import DataLoader, TensorDataset
from minigrad.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau
from minigrad.training import Trainer

EPOCHS = 12


def main(checkpoint: str, result: str, kind: str) -> None:
    mg.manual_seed(3)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(192, 1, 8, 8)).astype(np.float32)
    data = TensorDataset(x, (x.mean(axis=(1, 2, 3)) > 0).astype(np.int64))
    net = nn.Sequential(
        *[nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Flatten(), nn.Dropout(0.3), nn.Linear(36, 2)],
    )
    if kind == "momentum":
        optimizer = mg.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        scheduler, generator = CosineAnnealingLR(optimizer, T_max=EPOCHS), None
    else:
        optimizer = mg.optim.Adam(net.parameters(), lr=0.01)
        scheduler, generator = ReduceLROnPlateau(optimizer, patience=1), 7
    train = DataLoader(data, 16, shuffle=True, generator=generator)
    print("begin", flush=True)
    trainer = Trainer(
        net, optimizer, scheduler=scheduler, on_epoch=lambda epoch: print(epoch.epoch, flush=True), progress=False
    )
    history = trainer.fit(train, DataLoader(data, 64), epochs=EPOCHS, checkpoint=checkpoint, resume=True)
    rows = [{**row, "seconds": 0} for row in history.state_dict()["epochs"]]
    about = json.dumps([rows, history.batch_losses, history.best.epoch, optimizer.param_groups[0]["lr"]])
    mg.save(net.state_dict(), result, {"history": about})


if __name__ == "__main__":
    main(*sys.argv[1:])
