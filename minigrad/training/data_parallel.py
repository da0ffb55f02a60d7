"""`DataParallelTrainer`: the training loop on several ranks, which see a part of each batch each.

It takes the steps that one process would take with whole batches: a rank's loss counts by the size of its part, the
gradients are averaged (`DistributedDataParallel`), and losses and right answers are added up. So the loss curve is that
of one process but for rounding. Two things are each rank's own: what dropout and augmentation draw, and batch-norm's
statistics, of its part of the batch.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import distributed, random
from minigrad.backend import Array
from minigrad.creation import tensor
from minigrad.nn.parallel import DistributedDataParallel
from minigrad.serialization import load, save
from minigrad.training.history import Epoch, History
from minigrad.training.trainer import READ_EVERY, Trainer, hits, numbers


class DataParallelTrainer(Trainer):
    """A `Trainer` for each rank of the process group; all ranks make one, and call its methods together.

    >>> distributed.init_process_group()
    >>> batches = BatchSampler(RandomSampler(data, generator=0), 256, drop_last=False)
    >>> loader = DataLoader(data, batch_sampler=DistributedBatchSampler(batches))
    >>> DataParallelTrainer(net, mg.optim.SGD(net.parameters(), lr=0.01)).fit(loader, epochs=10, checkpoint=path)

    The loader gives each rank its own part of the data, by a `DistributedBatchSampler` or a `DistributedSampler`.
    `model` is the network itself, without a wrapper. The loss is a mean over examples that count alike; with weights of
    classes, say, the curve only comes near that of one process. Rank 0 shows the bar, calls `on_epoch`, and reads and
    writes the checkpoint, from which any number of ranks goes on, a plain `Trainer` too. Before a checkpoint is written
    all ranks must have the same parameters, bit by bit, or a RuntimeError names the one that differs. Validation data
    is the same on all ranks, which judge its batches in turn. Ctrl-C stops all ranks after the same step.

    Each epoch the random streams of the ranks part from where rank 0's stands: they differ, and a resumed training with
    as many ranks ends with the same bits.
    """

    def _get_ready(self) -> None:
        # Rank 0's buffers are what is kept, and nobody needs them before the end of an epoch.
        self.parallel = DistributedDataParallel(self.model, forward_sync_buffers=False)
        self.rank, self.ranks = distributed.get_rank(), distributed.get_world_size()
        self._stopped = False  # whether Ctrl-C was pressed here, or `on_epoch` has said so
        if self.rank > 0:
            self.on_epoch, self.progress = None, False

    def fit(
        self,
        train: Iterable,
        val: Iterable | None = None,
        *,
        epochs: int,
        checkpoint: str | os.PathLike | None = None,
        resume: bool = False,
    ) -> History:
        with self._noting_interrupts():
            return super().fit(train, val, epochs=epochs, checkpoint=checkpoint, resume=resume)

    def _tell(self, epoch: Epoch) -> None:
        try:
            super()._tell(epoch)
        except KeyboardInterrupt:
            self._stopped = True

    def _steps(self, batches: Iterator) -> Iterator[tuple[float, int, int]]:
        """Take a step on each batch, until no rank has one left; who has none meanwhile brings gradients of zero."""
        self._part_random_streams()
        own: list[tuple[Array, Array, int]] = []  # loss, right answers, and examples of this rank's steps
        counts: list[int] = []  # examples of all ranks
        while True:
            batch = next(batches, None)
            count, stopped = self._summed([0 if batch is None else len(batch[1]), self._stopped])
            if stopped or not count:
                break
            self.optimizer.zero_grad()
            if batch is None:
                self.parallel.backward_of_nothing()
            else:
                inputs, labels = self._sent(batch)
                scores = self.parallel(inputs)
                loss = self.loss(scores, labels)
                # The ranks' gradients are averaged: this makes the mean over ranks one over the examples.
                weight = len(labels) * self.ranks / count
                (loss if weight == 1 else loss * weight).backward()
                own.append((loss.array, hits(scores, labels), len(labels)))
            self.optimizer.step()
            counts.append(int(count))
            if len(counts) == READ_EVERY:
                yield from self._read_together(own, counts)
                own, counts = [], []
        yield from self._read_together(own, counts)
        if stopped:
            raise KeyboardInterrupt
        for buffer in self.model.buffers():
            distributed.broadcast(buffer)

    def _read_together(
        self, own: list[tuple[Array, Array, int]], counts: list[int]
    ) -> Iterator[tuple[float, int, int]]:
        """What the steps were, with the examples of all ranks. A rank that ran out of batches has fewer of its `own`.

        The host waits for the device here, and nowhere else.
        """
        losses, rights, sizes = zip(*own, strict=True) if own else ((), (), ())
        sums = np.zeros((2, len(counts)))
        sums[:, : len(own)] = np.multiply(numbers(losses), sizes), numbers(rights)
        loss_sums, hit_counts = self._summed(sums)
        for loss_sum, right, count in zip(loss_sums, hit_counts, counts, strict=True):
            yield loss_sum / count, int(right), count

    def _part_random_streams(self) -> None:
        """Let each rank draw numbers of its own, which follow from where rank 0's stream stands."""
        state = self._from_first(random.get_state)
        if self.rank > 0:
            own = np.random.default_rng([self.rank, state["state"]["state"]])
            random.set_state(random.get_state(own))

    def _summed(self, own: Any) -> list[Any]:
        """Each of the numbers added up over the ranks."""
        sums = tensor(own, dtype=np.float64)
        distributed.all_reduce(sums)
        return sums.tolist()

    def _judged(self, data: Iterable) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Each rank judges every `ranks`-th batch, and all get all."""
        everyone: list[Any] = [None] * self.ranks
        distributed.all_gather_object(everyone, super()._judged(itertools.islice(data, self.rank, None, self.ranks)))
        rounds = itertools.zip_longest(*everyone)
        return [batch for one in rounds for batch in one if batch is not None]

    def _is_there(self, path: str | os.PathLike) -> bool:
        return self._from_first(lambda: os.path.exists(path))

    def _read(self, path: str | os.PathLike) -> dict[str, Any]:
        return self._from_first(lambda: load(path))

    def _write(self, path: str | os.PathLike, state: dict[str, Any]) -> None:
        distributed.check_equal(dict(self.model.named_parameters()))
        if self.rank == 0:
            save(state, path)

    def _from_first(self, make: Callable[[], Any]) -> Any:
        """What `make()` gives on rank 0."""
        things = [make() if self.rank == 0 else None]
        distributed.broadcast_object_list(things)
        return things[0]

    @contextmanager
    def _noting_interrupts(self) -> Iterator[None]:
        """Ctrl-C is noted only, and the ranks agree on it at the next step: none may leave while others wait for it."""
        self._stopped = False
        if threading.current_thread() is not threading.main_thread():  # Python lets no other take care of signals
            yield
            return

        def note(*_: object) -> None:
            self._stopped = True

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
