"""What the tests run on several ranks.

`mpiexec -n 2 python -m tests.minigrad.distributed.programs NAME` prints, as JSON, what the function NAME returned on
each.
"""

import copy
import errno
import itertools
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import minigrad as mg
import minigrad.nn as nn
from minigrad import distributed
from minigrad.data import BatchSampler, DataLoader, DistributedBatchSampler, RandomSampler, TensorDataset
from minigrad.distributed import ReduceOp
from minigrad.nn.parallel import DistributedDataParallel
from minigrad.training import DataParallelTrainer, Trainer, data_parallel

EXAMPLES, BATCH = 41, 20  # the last batch has one example, and leaves all ranks but the first without
data_parallel.READ_EVERY = 2  # so losses are read twice in an epoch of three steps


def sums():
    rank = distributed.get_rank()
    results = {}
    for op in ReduceOp:
        x = mg.tensor([rank + 1, 10 - rank])
        distributed.all_reduce(x, op)
        results[op.name] = x.tolist()
    columns = mg.arange(6).double().reshape(2, 3).T  # not contiguous
    work = distributed.all_reduce(columns, async_op=True)
    work.wait()
    columns += 1
    work.wait()  # there is nothing more to wait for, and what was done since stays
    results["columns"] = (columns - 1).tolist()
    scalar = mg.tensor(float(rank))
    work = distributed.all_reduce(scalar, async_op=True)
    work.wait()
    results["scalar"] = scalar.item()
    results["done"] = work.is_completed()
    return results


def telling():
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    x = mg.full((2, 2), float(rank)).T
    distributed.broadcast(x, src=1)
    things, everyone = [{"from": rank}], [None] * ranks
    distributed.broadcast_object_list(things, src=1)
    distributed.all_gather_object(everyone, rank**2)
    distributed.barrier()
    return x.tolist(), things, everyone


def gathering():
    """What each rank has of what the ranks gathered: a row of two numbers each, of kinds that MPI does not know too."""
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    row = (mg.arange(2) + 10 * rank).half()
    rows, below, above = [mg.zeros(2).half() for _ in range(ranks)], mg.zeros(2 * ranks).half(), mg.zeros(ranks, 2)
    distributed.all_gather(rows, row)
    distributed.all_gather_into_tensor(below, row)
    distributed.all_gather_into_tensor(above, row.float())
    mine = [mg.zeros(2).half() for _ in range(ranks)] if rank == 1 else None
    distributed.gather(row, mine, dst=1)
    dealt = mg.zeros(2).half().requires_grad_()
    distributed.scatter(dealt, None if mine is None else mine[::-1], src=1)
    total, objects = row.float(), [None] * ranks if rank == 2 else None
    distributed.reduce(total, 1, ReduceOp.MAX)
    distributed.gather_object({"rank": rank}, objects, dst=2)
    flags = [mg.tensor(False) for _ in range(ranks)]
    distributed.all_gather(flags, mg.tensor(rank == 1))
    return {
        "all": [[one.tolist() for one in rows], below.reshape(ranks, 2).tolist(), above.tolist()],
        "one": mine and [one.tolist() for one in mine],
        "dealt": dealt.tolist(),
        "total": total.tolist(),
        "objects": objects,
        "flags": [one.item() for one in flags],
    }


def differing():
    """What ranks are told that do not do the same."""
    rank = distributed.get_rank()

    def begun():
        distributed.all_reduce(mg.ones(2000 + rank), async_op=True).wait()

    said = []
    for attempt in (
        lambda: distributed.all_reduce(mg.ones(2, 2 + rank // 2)),
        lambda: distributed.broadcast(mg.ones(2).to(mg.float64 if rank else mg.float32)),
        lambda: distributed.broadcast(mg.ones(2), src=rank),
        lambda: distributed.all_reduce(mg.ones(2), ReduceOp.MIN if rank == 1 else ReduceOp.MAX),
        lambda: distributed.all_gather([mg.ones(rank)] * 3, mg.ones(rank)),
        begun,
        lambda: distributed.barrier() if rank else distributed.all_reduce(mg.ones(1)),
        lambda: distributed.barrier() if rank else distributed.destroy_process_group(),
    ):
        said.append(message_of(attempt))
        if distributed.is_initialized():
            said.append(said[-1] == message_of(distributed.barrier))
            distributed.destroy_process_group()
        distributed.init_process_group()
    return said


def unpicklable():
    """What ranks are told when one of them gives what cannot be sent, and goes on."""
    ranks, things = distributed.get_world_size(), [1, lambda: 1, 1]
    said = []
    for attempt in (
        lambda thing: distributed.all_gather_object([None] * ranks, thing),
        lambda thing: distributed.gather_object(thing, [None] * ranks if distributed.get_rank() == 2 else None, dst=2),
        lambda thing: distributed.broadcast_object_list([thing], src=1),
    ):
        said.append(message_of(lambda attempt=attempt: attempt(things[distributed.get_rank()])))
        message_of(distributed.barrier)
        distributed.destroy_process_group()
        distributed.init_process_group()
    return said


def in_threads():
    """What four threads of each rank get that do the same at the same time."""
    found = []

    def work():
        for _ in range(20):
            x = mg.ones(3)
            distributed.all_reduce(x)
            found.append(x.tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def again():
    """How many of 8 threads this rank has after it has left the group, and joined again."""
    told, before = os.environ.pop("OMP_NUM_THREADS"), mg.get_num_threads()
    mg.set_num_threads(8)
    distributed.destroy_process_group()
    distributed.init_process_group()
    found = mg.get_num_threads()
    mg.set_num_threads(before)
    os.environ["OMP_NUM_THREADS"] = told
    return found


def wrongly_told():
    """One rank takes another number of ranks for granted, and the others wait for it."""
    distributed.destroy_process_group()
    if os.environ["PMI_RANK"] == "1":
        distributed.init_process_group(world_size=4)
    distributed.init_process_group()
    distributed.barrier()


def changed_for_backward():
    """A tensor that backward needs, summed over the ranks meanwhile."""
    x = mg.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    distributed.all_reduce(y)
    return message_of(z.sum().backward)


def refusals():
    half = message_of(lambda: distributed.all_reduce(mg.ones(2).half()))
    in_between = distributed.all_reduce(mg.ones(2).half(), async_op=True)
    late = [message_of(distributed.barrier), message_of(in_between.wait), message_of(in_between.wait)]
    locked = np.ones(2)
    locked.flags.writeable = False
    wrong = [message_of(lambda: distributed.all_reduce(mg.ones(2), "sum"))]
    wrong += [message_of(lambda: distributed.all_reduce(mg.from_numpy(locked)))]
    short = message_of(lambda: distributed.all_gather_object([None] * 9, 0))
    twice = message_of(distributed.init_process_group)
    frozen = nn.Linear(2, 2).requires_grad_(False)
    nothing = message_of(lambda: DistributedDataParallel(frozen))
    other = message_of(lambda: DistributedDataParallel(nn.Linear(2, 2 + distributed.get_rank())))
    elsewhere = message_of(lambda: DistributedDataParallel(nn.Linear(2, 2), device_ids=[distributed.get_rank()]))
    bools = message_of(lambda: distributed.all_reduce(mg.ones(2) > 0))
    nobody = [message_of(lambda: distributed.broadcast(mg.ones(2), src=3))]
    nobody += [message_of(lambda: distributed.broadcast_object_list([1], src=-1))]
    nobody += [message_of(lambda: distributed.reduce(mg.ones(2), "3"))]
    x, rank = mg.ones(2, 2), distributed.get_rank()
    lists = [
        message_of(lambda: distributed.all_gather([x, x], x)),
        message_of(lambda: distributed.all_gather([x, x, x.double()], x)),
        message_of(lambda: distributed.all_gather_into_tensor(mg.ones(6), x)),
        message_of(lambda: distributed.gather(x, None if rank == 1 else [x, x, x], dst=1)),
    ]
    own = message_of(lambda: distributed.scatter(x, None, src=rank))
    return (half, late, wrong, short, twice, nothing, other, bools, nobody, lists), (elsewhere, own)


def message_of(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


# -- gradients ---------------------------------------------------------------------------------------------------------


def network(dropout=0.0):
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Dropout(dropout), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 3))


def normed():
    return nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 3)).double()


def examples(count=EXAMPLES, dtype=np.float64):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((count, 5)).astype(dtype)
    return TensorDataset(mg.from_numpy(x), mg.from_numpy(rng.integers(3, size=count)))


def gradients(megabytes, device="cpu"):
    """What each parameter has after backward, and how it began, each rank from a seed of its own."""
    rank = distributed.get_rank()
    mg.manual_seed(rank)
    device_ids = None if device == "cpu" else [device]
    net = DistributedDataParallel(network().double().to(device), device_ids, bucket_cap_mb=float(megabytes))
    begun = [one.tolist() for one in net.module.parameters()]
    x, y = (part.to(device) for part in examples(24)[rank * 8 : rank * 8 + 8])
    passes = []
    for _ in range(2):  # the buckets are used again
        net.zero_grad()
        nn.CrossEntropyLoss()(net(x), y).backward()
        passes.append([one.grad.tolist() for one in net.parameters()])
    with net.no_sync():  # own gradients add up
        net.zero_grad()
        nn.CrossEntropyLoss()(net(x), y).backward()
    own = [one.grad.tolist() for one in net.parameters()]
    nn.CrossEntropyLoss()(net(x), y).backward()
    return {"begun": begun, "passes": passes, "own": own, "twice": [one.grad.tolist() for one in net.parameters()]}


def buffers():
    """Batch-norm's running mean at the start and after each forward, with and without syncing.

    Each rank begins with a mean of its own, and its batches have the mean 10 rank.
    """
    rank = distributed.get_rank()
    x = mg.tensor([[10.0 * rank - 1], [10.0 * rank + 1]])
    found = []
    for settings in ({}, {"forward_sync_buffers": False}):
        norm = nn.BatchNorm1d(1)
        norm.running_mean += 5 - rank
        net = DistributedDataParallel(norm, **settings)
        means = [norm.running_mean.item()]
        for averaging in (True, True, False, True):
            with nullcontext() if averaging else net.no_sync():
                net(x).sum().backward()
            means.append(norm.running_mean.item())
        with mg.no_grad():
            for _ in range(2):
                net.eval()(x)
                means.append(norm.running_mean.item())
                norm.running_mean += rank
        found.append(means)
        for _ in range(2):  # the second time there are buffers to be shared
            if rank == 0:
                net(x).sum().backward()
            else:
                net.backward_of_nothing()
    return found


class Scaled(nn.Module):
    """Backward needs its buffer."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(mg.ones(2))
        self.register_buffer("scale", mg.full((2,), 3.0))

    def forward(self, x):
        return self.weight * self.scale * x


def passes():
    """The gradients of two backwards after two forwards; with squares of parameters; after one rank went back alone."""
    mg.manual_seed(0)
    net, rank = DistributedDataParallel(network().double()), distributed.get_rank()
    x, y = examples(24)[rank * 8 : rank * 8 + 8]

    def loss(model=net, twice=1.0):
        return nn.CrossEntropyLoss()(model(x * twice), y)

    def gradients_of(*losses):
        net.zero_grad()
        for one in losses:
            one.backward()
        return [one.grad.tolist() for one in net.parameters()]

    both = gradients_of(loss(), loss(twice=2.0))
    squares = gradients_of(loss() + sum((one * one).sum() for one in net.parameters()))
    if rank == 0:
        gradients_of(loss(net.module))
    return {"both": both, "squares": squares, "after": gradients_of(loss())}


class Tied(nn.Module):
    """Two layers with one weight. wrap: makes of what comes out what forward returns."""

    def __init__(self, wrap):
        super().__init__()
        self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 3)
        self.two.weight = self.one.weight
        self.wrap = wrap

    def forward(self, x):
        return self.wrap(self.two(self.one(x)))


class Bare(nn.Module):
    """What comes out is a parameter itself."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(mg.ones(3))

    def forward(self, x):
        return self.scale


@dataclass
class Answer:
    scores: mg.Tensor


def kinds_of_networks():
    """For each kind the gradients of the ranks' mean, and of this rank's part alone."""
    mg.manual_seed(0)
    kinds = []
    for net, unwrap, is_found in (
        (Tied(lambda out: {"none": None, "out": (len(out), out)}), lambda answer: answer["out"][1], True),
        (Tied(Answer), lambda answer: answer.scores, True),
        (Tied(lambda out: SimpleNamespace(out=out)), lambda answer: answer.out, False),
        (Bare(), lambda answer: answer, False),
    ):
        wrapped = DistributedDataParallel(net.double())
        x = mg.full((2, 3), distributed.get_rank() + 1.0).double()
        gradients_of = []
        for model in (wrapped, net):
            net.zero_grad()
            (unwrap(model(x)) * x).sum().backward()
            gradients_of.append([one.grad.tolist() for one in net.parameters()])
            if is_found:
                wrapped(x)  # and nobody goes back through it
        kinds.append(gradients_of)
    return kinds


def misused():
    """What is said of a network whose parameters were changed after wrapping, and of copies."""
    net, x = network(), mg.ones(2, 5)
    net[0].requires_grad_(False)
    wrapped = DistributedDataParallel(net)
    net[0].bias.requires_grad_()
    net[3].weight.requires_grad_(False)
    changed = message_of(lambda: wrapped(x))
    net[0].bias.requires_grad_(False)
    net[3].weight.requires_grad_()
    wrapped(x).sum().backward()
    weight, net[3].weight = net[3].weight, nn.Parameter(net[3].weight.detach().clone())
    replaced = message_of(lambda: wrapped(x))
    net[3].weight = weight
    wide = message_of(lambda: wrapped.double()(x.double()))
    around = message_of(lambda: DistributedDataParallel(nn.Sequential(wrapped)))
    copies = [message_of(lambda: copy.deepcopy(wrapped)), message_of(lambda: pickle.dumps(wrapped))]
    return changed, net[0].bias.grad is None, replaced, wide, around, copies


def switched_off():
    """A network that after one pass only hands gradients on, as a GAN's judge while the generator learns.

    Rank r goes through it r times then. Its gradients after that, and its running mean after one more pass by all.
    """
    mg.manual_seed(0)
    net, rank = DistributedDataParallel(normed()), distributed.get_rank()
    x, y = examples(24)[rank * 8 : rank * 8 + 8]
    with net.join():
        nn.CrossEntropyLoss()(net(x), y).backward()
        gradients = [one.grad.tolist() for one in net.parameters()]
        net.requires_grad_(False)
        for _ in range(rank):
            own = x.clone().requires_grad_()
            nn.CrossEntropyLoss()(net(own), y).backward()
            assert own.grad.abs().sum() > 0
    net(x.clone().requires_grad_()).sum().backward()
    net.eval()(x)
    return gradients, net.module[0].running_mean.tolist()


def joined(remembering):
    """Two epochs in which rank r has 1 + 2 r batches, and takes a step after each second one. Then all go on together.

    remembering: whether the ranks that wait take the steps of the others.
    """
    mg.manual_seed(0)
    net = DistributedDataParallel(normed())
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x, y = examples(24)[distributed.get_rank() * 8 : distributed.get_rank() * 8 + 8]
    steps = []
    for _ in range(2):
        with net.join(optimizer=optimizer if remembering else None):
            for batch in range(1 + 2 * distributed.get_rank()):
                with net.no_sync() if batch % 2 else nullcontext():
                    nn.CrossEntropyLoss()(net(x), y).backward()
                with mg.no_grad():
                    net(x)  # those that wait share the buffers here, too
                if batch % 2 == 0:
                    steps.append(net.module[1].bias.grad.tolist())
                    optimizer.step()
                    optimizer.zero_grad()
        distributed.check_equal(net.state_dict())
    nn.CrossEntropyLoss()(net(x), y).backward()
    optimizer.step()
    return steps, message_of(lambda: distributed.check_equal(dict(net.named_parameters())))


def joining():
    return joined(False), joined(True)


def two_forwards():
    """Before one backward: the second must leave alone the buffer that the first one's graph holds."""
    net = DistributedDataParallel(Scaled())
    (net(mg.ones(2)) + net(mg.ones(2))).sum().backward()
    return net.module.weight.grad.tolist()


def replaced_buffer():
    """Each rank has another tensor for a buffer, as often written to as the one before."""
    net = DistributedDataParallel(Scaled())
    net(mg.ones(2)).sum().backward()
    net.module.scale = mg.full((2,), 4.0 + distributed.get_rank())
    while net.module.scale._version < 1:
        net.module.scale *= 2
    net(mg.ones(2)).sum().backward()
    return net.module.scale.tolist()


def written_buffer():
    """Each rank writes into the memory of a buffer, before the first forward and before the second."""
    net, seen = DistributedDataParallel(Scaled()), []
    for _ in range(2):
        net.module.scale.numpy()[...] += 1 + distributed.get_rank()
        net(mg.ones(2)).sum().backward()
        seen.append(net.module.scale.tolist())
    return seen


def of_nothing():
    """Rank 0 has a batch, the others have none."""
    net = DistributedDataParallel(network().double())
    if distributed.get_rank() == 0:
        net(mg.ones(4, 5).double()).sum().backward()
    else:
        net.backward_of_nothing()
    return [one.grad.tolist() for one in net.parameters()]


class WithSpare(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.spare = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x):
        return self.used(x)


def unused():
    net = DistributedDataParallel(WithSpare())
    net(mg.ones(1, 2)).sum().backward()
    return message_of(lambda: net(mg.ones(1, 2)))


def names():
    net = DistributedDataParallel(network())
    with mg.no_grad():
        same = mg.equal(net(mg.ones(2, 5)), net.module(mg.ones(2, 5)))
    return list(net.state_dict()), list(net.module.state_dict()), same


# -- training ----------------------------------------------------------------------------------------------------------


def trainer_and_loader(dropout=0.0, parallel=True, device="cpu", **settings):
    mg.manual_seed(3)
    net = network(dropout).double().to(device)
    share = (distributed.get_world_size(), distributed.get_rank()) if parallel else (1, 0)
    data = TensorDataset(*(part.to(device) for part in examples().tensors))
    batches = DistributedBatchSampler(BatchSampler(RandomSampler(data, generator=5), BATCH, False), *share)
    kind = DataParallelTrainer if parallel else Trainer
    trainer = kind(net, mg.optim.SGD(net.parameters(), lr=0.2, momentum=0.9), **settings)
    return trainer, DataLoader(data, batch_sampler=batches)


def outcome(trainer, history):
    rows = [(e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy) for e in history.epochs]
    weights = [one.tolist() for one in trainer.model.parameters()]
    return {"losses": history.batch_losses, "rows": rows, "weights": weights, "interrupted": history.interrupted}


def trained(epochs="4", dropout="0", checkpoint=None, parallel=True, device="cpu"):
    """A training, or the rest of one."""
    trainer, loader = trainer_and_loader(float(dropout), parallel, device)
    judged = DataLoader(loader.dataset, 7)
    history = trainer.fit(loader, judged, epochs=int(epochs), checkpoint=checkpoint, resume=checkpoint is not None)
    return outcome(trainer, history)


def drawing(loader, draw):
    """The loader, which calls `draw()` for each batch it makes."""

    def collate(samples):
        draw()
        return mg.stack([x for x, _ in samples]), mg.stack([y for _, y in samples])

    loader.collate_fn = collate
    return loader


def draws():
    """What each rank draws in two epochs, and how many rows its `on_epoch` was told."""
    drawn, told = [], []
    trainer, loader = trainer_and_loader(on_epoch=told.append)
    trainer.fit(drawing(loader, lambda: drawn.append(mg.rand(1).item())), epochs=2)
    return drawn, len(told)


def statistics():
    """Batch-norm's running mean after one batch, of which each rank had two examples of its own."""
    mg.manual_seed(0)
    net = normed()
    rank = distributed.get_rank()
    loader = DataLoader(examples(), batch_sampler=[[2 * rank, 2 * rank + 1]])
    DataParallelTrainer(net, mg.optim.SGD(net.parameters())).fit(loader, epochs=1)
    return net[0].running_mean.tolist()


def parted(checkpoint):
    """In the second epoch a parameter of the last rank goes its own way."""
    trainer, loader = trainer_and_loader()
    trainer.fit(loader, epochs=1, checkpoint=checkpoint)
    if distributed.get_rank() == distributed.get_world_size() - 1:
        with mg.no_grad():
            trainer.model[3].bias[0] += 1e-12
    again = message_of(lambda: trainer.fit(loader, epochs=2, checkpoint=checkpoint))
    Path(checkpoint).unlink(missing_ok=True)
    distributed.barrier()
    return again, message_of(lambda: trainer.fit(loader, epochs=1, checkpoint=checkpoint))


class Mute(Exception):
    def __str__(self):
        raise ValueError


def failing(rank, what):
    """One rank comes to grief while the others wait for it."""
    if distributed.get_rank() == int(rank):
        if what == "raise":
            raise ValueError("the disk is on fire")
        if what == "assert":
            raise AssertionError
        if what == "mute":
            raise Mute
        if what == "closed":
            sys.stdout.close()
            raise ValueError("nobody listens")
        os.kill(os.getpid(), signal.Signals[f"SIG{what}"])
    distributed.barrier()


def failing_in_parts():
    """A rank fails. Each part of what it prints on stderr, which other ranks may follow, is told on stdout."""

    class Parts:
        def write(self, text):
            print(json.dumps(text))

        def flush(self):
            pass

    if distributed.get_rank() == 1:
        sys.stderr = Parts()
        raise ValueError("the disk is on fire")
    distributed.barrier()


def leaving(rank, how):
    """One rank comes to its end while the others wait for it."""
    if how == "uneven":
        net = DistributedDataParallel(nn.Linear(2, 2))
        for _ in range(3 - (distributed.get_rank() == int(rank))):
            net(mg.ones(1, 2)).sum().backward()
        sys.exit()
    try:
        if distributed.get_rank() == int(rank):
            if how == "exit":
                sys.exit(3)
            raise ValueError("the disk is on fire")
        if how == "busy":
            time.sleep(60)
        distributed.barrier()
    finally:
        distributed.destroy_process_group()


def alone_at_last():
    """Rank 1 goes on alone after all have left the group, and comes to grief."""
    distributed.destroy_process_group()
    if os.environ["PMI_RANK"] == "1":
        time.sleep(0.5)
        raise ValueError("the disk is on fire")
    sys.exit()


def full_disk(checkpoint):
    """The disk is full when rank 0 has written half of its second checkpoint."""
    trainer, loader = trainer_and_loader()
    written, write = itertools.count(1), Path.write_bytes

    def until_full(path, content):
        if next(written) == 2:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, content)

    Path.write_bytes = until_full
    trainer.fit(loader, DataLoader(loader.dataset, 7), epochs=4, checkpoint=checkpoint)


def failing_unread():
    """A rank fails while that part of mpiexec which reads what it prints has no time."""
    if distributed.get_rank() == 1:
        reader = os.getppid()
        # In a session of its own, for mpiexec ends all that is in the rank's.
        command = ["sh", "-c", f"kill -STOP {reader}; echo; sleep 0.1; kill -CONT {reader}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as stopping:
            stopping.stdout.readline()
            distributed.abort("the disk is on fire")
    distributed.barrier()


def killed_unseen(still_there):
    """Rank 1 is killed while the watcher has no time. A file `still_there` tells that rank 0 ran until it had."""
    processes = [None, None]
    if distributed.get_rank() == 0:
        (watcher,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        processes = [os.getpid(), watcher]
    distributed.broadcast_object_list(processes)
    if distributed.get_rank() == 1:
        other, watcher = processes
        look = f"grep -q . /proc/{other}/cmdline && : > {still_there}"
        command = ["sh", "-c", f"kill -STOP {watcher}; echo; sleep 0.3; {look}; kill -CONT {watcher}"]
        # What this rank prints to stays open: when that ends, mpiexec asks the system who has gone.
        open_still = os.dup(sys.stdout.fileno())
        stopping = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True, pass_fds=[open_still])
        stopping.stdout.readline()
        os.kill(os.getpid(), signal.SIGKILL)
    distributed.barrier()


def interrupted(rank):
    """The process of one rank gets Ctrl-C when it makes a batch in its second or third epoch."""
    trainer, loader = trainer_and_loader()
    made = itertools.count()

    def stop():
        if next(made) == 4 and distributed.get_rank() == int(rank):
            os.kill(os.getpid(), signal.SIGINT)

    return outcome(trainer, trainer.fit(drawing(loader, stop), epochs=50))


def enough():
    """How many epochs each rank trained for, of which rank 0 wanted no more than two."""

    def stop(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    trainer, loader = trainer_and_loader(on_epoch=stop)
    history = trainer.fit(loader, epochs=5)
    return len(history), len(history.batch_losses), history.interrupted


SMALL = (
    *(sums, telling, gathering, changed_for_backward, refusals, in_threads, differing, unpicklable, again),
    *(passes, kinds_of_networks, of_nothing, unused, names, misused, switched_off, joining),
    *(buffers, two_forwards, replaced_buffer, written_buffer),
    *(draws, enough, statistics),
)


def small():
    """All that take no time: to start the ranks takes longer."""
    return {program.__name__: program() for program in SMALL}


def main(found):
    """Print what the named function of a module returned on each rank."""
    distributed.init_process_group()
    result = found[sys.argv[1]](*sys.argv[2:])
    everyone = [None] * distributed.get_world_size()
    distributed.all_gather_object(everyone, result)
    if distributed.get_rank() == 0:
        print(json.dumps(everyone))


if __name__ == "__main__":
    main(globals())
