"""Programs for ranks with GPUs, on the stand-ins for CuPy and for its NCCL, which has MPI do what it is told.

There is one GPU. Whether the ranks take it for the same one is told by its `pci_bus_id`.
"""

import json
import sys
from types import ModuleType, SimpleNamespace

import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples import cli
from minigrad import distributed
from minigrad.nn.parallel import DistributedDataParallel
from tests.device_guard import arrays
from tests.device_guard.both import waits
from tests.device_guard.module import installed
from tests.minigrad.distributed import programs


class NCCLBackend:
    """What is used of cupyx.distributed's, with its signatures."""

    calls: list[str] = []

    def __init__(self, n_devices, rank, host="127.0.0.1", port=13333, use_mpi=False):
        from mpi4py import MPI

        assert use_mpi and (n_devices, rank) == (MPI.COMM_WORLD.Get_size(), MPI.COMM_WORLD.Get_rank())
        self._comm = MPI.COMM_WORLD
        self._ops = {"sum": MPI.SUM, "prod": MPI.PROD, "min": MPI.MIN, "max": MPI.MAX}

    def all_reduce(self, in_array, out_array, op="sum", stream=None):
        self._note("all_reduce", in_array)
        kind = np.float32 if in_array.dtype == np.float16 else in_array.dtype
        result = np.empty(in_array.shape, kind)
        self._comm.Allreduce(in_array._host.astype(kind), result, self._ops[op])
        out_array._host[...] = result

    def broadcast(self, in_out_array, root=0, stream=None):
        self._note("broadcast", in_out_array)
        self._comm.Bcast(in_out_array._host, root)

    def _note(self, name, array):
        if array.dtype == bool:
            raise TypeError("Unknown dtype bool for NCCL")
        assert isinstance(array, arrays.ndarray) and array.flags.c_contiguous
        self.calls.append(name)


def with_gpus(run, shared=False, count=1):
    """What `run()` returns, how often NCCL was called, and which GPUs were made the current one."""
    used: list[int] = []

    class GPU(arrays.Device):
        pci_bus_id = property(lambda self: f"0000:{0 if shared else distributed.get_rank():02X}:00.0")

        def __init__(self, number=0):
            super().__init__()
            self.id = number

        def use(self):
            used.append(self.id)
            return self

    with installed() as cupy:
        cupy.cuda.Device = GPU
        cupy.cuda.runtime = SimpleNamespace(getDeviceCount=lambda: count, getDevice=lambda: 0)
        cupy.cuda.nccl = SimpleNamespace(available=True)
        cupyx = ModuleType("cupyx.distributed")
        cupyx.NCCLBackend = NCCLBackend
        sys.modules.update({"cupy.cuda": cupy.cuda, "cupyx": ModuleType("cupyx"), "cupyx.distributed": cupyx})
        return {"result": run(), "calls": [NCCLBackend.calls.count(name) for name in ("broadcast", "all_reduce")],
                "used": used}  # fmt: skip


def gradients(shared):
    return with_gpus(lambda: programs.gradients("0", "cuda"), shared == "shared")


def trained():
    return with_gpus(lambda: programs.trained(device="cuda"))


def waiting():
    """How often the host waits for the GPU in three steps of a loop of one's own, and in an epoch of the trainer."""

    def counts():
        images, labels = mg.rand(4, 5).double().to("cuda"), mg.tensor([0, 1, 2, 0]).to("cuda")
        net = DistributedDataParallel(programs.normed().to("cuda"))
        rule = mg.optim.SGD(net.parameters())
        with waits() as in_steps:
            for _ in range(3):
                rule.zero_grad()
                F.cross_entropy(net(images), labels).backward()
                rule.step()
        trainer, loader = programs.trainer_and_loader(device="cuda")
        with waits() as in_epoch:
            trainer.fit(loader, epochs=1)
        return len(in_steps), len(in_epoch)

    return with_gpus(counts)


def own():
    """Three ranks of a machine with two GPUs."""
    return with_gpus(lambda: str(distributed.own_gpu()), count=2)


def tensors():
    """What is no flat array of floats."""
    rank = distributed.get_rank()

    def results():
        columns = (mg.arange(6.0, device="cuda").reshape(2, 3) + rank).T
        if rank == 1:
            columns = columns.contiguous()  # the ranks need not agree in this
        distributed.all_reduce(columns)
        half = mg.full((2,), float(rank), device="cuda").half()
        distributed.all_reduce(half, distributed.ReduceOp.MAX)
        mask, number = mg.tensor([rank == 1, rank == 0], device="cuda"), mg.tensor(rank, device="cuda")
        distributed.broadcast(mask, src=1)
        distributed.broadcast(number, src=2)
        return columns.tolist(), half.tolist(), mask.tolist(), number.item()

    return with_gpus(results)


def gaze(*words):
    """`gaze train` with a GPU: its exit code, and what became of the GPUs."""
    outcome = with_gpus(lambda: cli.main(["train", "--data-parallel", "--device", "cuda", *words]))
    print(json.dumps([outcome["calls"], outcome["used"]]) + "\n", end="", file=sys.stderr)  # at once: both ranks do
    return outcome["result"]


if __name__ == "__main__":
    if sys.argv[1] == "gaze":  # which begins the process group itself
        sys.exit(gaze(*sys.argv[2:]))
    programs.main(globals())
