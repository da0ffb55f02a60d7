"""Ranks that share the batches take the steps that one process takes: gradients, loss curve, resume."""

import itertools

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn as nn
from minigrad.serialization import load
from tests.minigrad.distributed import programs
from tests.minigrad.distributed.ranks import needs_mpi, on_ranks, run

pytestmark = needs_mpi


def close(actual, expected):
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def gradients_of_one_process(count):
    """The network of rank 0, and the gradients of the mean loss over all examples."""
    mg.manual_seed(0)
    net = programs.network().double()
    x, y = programs.examples(24)[: 8 * count]
    nn.CrossEntropyLoss()(net(x), y).backward()
    return [one.tolist() for one in net.parameters()], [one.grad.tolist() for one in net.parameters()]


@pytest.mark.parametrize("count, megabytes", [(2, 25), (3, 0), (3, 3e-4)], ids=["one bucket", "each its own", "two"])
def test_gradients_are_those_of_the_mean_loss_over_all_parts(count, megabytes):
    begun, expected = gradients_of_one_process(count)
    ranks = on_ranks(count, "gradients", str(megabytes))
    for rank in ranks:
        assert rank["begun"] == begun  # rank 0's, although each rank drew others
        assert rank["passes"] == ranks[0]["passes"] and rank["twice"] == ranks[0]["twice"]  # bit by bit
        for one in rank["passes"]:
            close(one, expected)
        close(rank["twice"], [2 * np.array(gradient) for gradient in expected])  # what no_sync kept, and as much again
    assert ranks[0]["own"] != ranks[1]["own"]
    close([np.mean(own, axis=0) for own in zip(*(rank["own"] for rank in ranks), strict=True)], expected)


def gradients_of_three(scale=1.0, squares=False):
    """Those of one process over the parts of three ranks, whose inputs are multiplied by `scale`."""
    mg.manual_seed(0)
    net = programs.network().double()
    x, y = programs.examples(24)[:24]
    loss = nn.CrossEntropyLoss()(net(x * scale), y)
    (loss + sum((one * one).sum() for one in net.parameters()) if squares else loss).backward()
    return [one.grad.numpy() for one in net.parameters()]


def test_each_backward_through_it_averages_and_one_through_the_network_itself_does_not(three):
    for rank in three["passes"]:
        close(rank["both"], [a + b for a, b in zip(gradients_of_three(), gradients_of_three(2.0), strict=True)])
        close(rank["squares"], gradients_of_three(squares=True))
        close(rank["after"], gradients_of_three())


def test_a_weight_of_two_layers_is_averaged_wherever_the_outputs_are(three):
    for kind in zip(*three["kinds_of_networks"], strict=True):
        averaged, own = zip(*kind, strict=True)
        mean = [np.mean(each, axis=0) for each in zip(*own, strict=True)]
        assert own[0] != own[1]
        for rank in averaged:
            close(rank, mean)


def test_a_network_that_is_switched_off_as_a_whole_hands_gradients_on_and_averages_none(three):
    first, *others = three["switched_off"]
    assert others == [first, first]


def test_what_is_changed_after_wrapping_wrapped_twice_or_copied_is_refused(three):
    for changed, still_off, replaced, wide, around, copies in three["misused"]:
        assert "3.weight, 0.bias or its requires_grad was changed after wrapping" in changed and still_off
        assert "DistributedDataParallel: 3.weight or its requires_grad was changed" in replaced
        assert "DistributedDataParallel: 5.bias, 5.weight, 3.bias, 3.weight or its requires_grad was changed" in wide
        assert around.startswith("ValueError: DistributedDataParallel: in this network there is one already")
        assert len(copies) == 2 and all("a copy could not talk to the other ranks" in said for said in copies)


def steps_of_three():
    """The gradients of the last bias in the steps of `programs.joined`, when one process takes them for all ranks."""
    mg.manual_seed(0)
    net, (x, y) = programs.normed(), programs.examples(24)[:24]
    optimizer, steps = mg.optim.SGD(net.parameters(), lr=0.1, momentum=0.9), []
    for _, step in itertools.product(range(2), range(3)):
        for rank in range(step, 3):  # the others have nothing
            part = slice(8 * rank, 8 * rank + 8)
            batches = 1 if step == 0 else 2
            (nn.CrossEntropyLoss()(net(x[part]), y[part]) * batches / 3).backward()
        steps.append(net[1].bias.grad.tolist())
        optimizer.step()
        optimizer.zero_grad()
    return steps


def test_ranks_with_fewer_batches_wait_for_the_others_and_stay_with_them_if_the_optimiser_does(three):
    for without, remembering in three["joining"]:
        assert "The ranks no longer agree: 'module.0.weight'" in without[1] and remembering[1] is None
    expected = steps_of_three()
    for rank, ((without, _), (steps, _)) in enumerate(three["joining"]):
        close(steps, [*expected[: rank + 1], *expected[3 : 3 + rank + 1]])
        close(without[: rank + 2], expected[: rank + 1] + expected[3:4])  # all begin again with the weights of rank 2


def test_buffers_are_those_of_rank_0_again_in_each_forward_after_a_step(three):
    for rank, (synced, own) in enumerate(three["buffers"]):
        mean = first = 5.0  # rank 0's
        expected = [mean]
        # As in PyTorch 2.13, nothing is shared after a forward under no_sync or no_grad.
        for shared in (False, True, True, False):
            mean, first = 0.9 * (first if shared else mean) + rank, 0.9 * first
            expected.append(mean)
        np.testing.assert_allclose(synced, [*expected, first, first + rank], rtol=1e-6)
        mean = 5.0
        expected = [mean, *(mean := 0.9 * mean + rank for _ in range(4))]
        np.testing.assert_allclose(own, [*expected, mean, mean + rank], rtol=1e-6)


def test_buffers_that_did_not_change_are_left_to_the_graphs_that_hold_them(three):
    assert three["two_forwards"] == [[6.0, 6.0]] * 3


def test_a_buffer_with_a_new_tensor_is_rank_0s_too(three):
    assert three["replaced_buffer"] == [[8.0, 8.0]] * 3


def test_what_was_written_into_a_buffers_memory_is_rank_0s_too(three):
    assert three["written_buffer"] == [[[4.0, 4.0], [5.0, 5.0]]] * 3


def test_a_rank_without_data_counts_as_zero(three):
    ranks = three["of_nothing"]
    mg.manual_seed(0)
    assert ranks[0] == ranks[1] == ranks[2]
    np.testing.assert_allclose(ranks[0][-1], [4 / 3] * 3)  # the last bias: a batch of 4, summed, by 3 ranks


def test_parameters_that_got_no_gradient_are_named(three):
    assert all("no gradient to spare.weight, spare.bias, so nothing" in said for said in three["unused"])


def test_what_is_no_network_or_no_list_of_devices_is_refused():
    with pytest.raises(TypeError, match=r"^DistributedDataParallel: module must be a Module, got None\.$"):
        mg.nn.parallel.DistributedDataParallel(None)
    with pytest.raises(
        TypeError, match=r"^DistributedDataParallel: device_ids is a list of one device, or None, got 0"
    ):
        mg.nn.parallel.DistributedDataParallel(mg.nn.Linear(1, 1), 0)


def test_unused_parameters_are_not_looked_for():
    with pytest.raises(NotImplementedError, match=r"Use every parameter in forward, or switch it off with requires_"):
        mg.nn.parallel.DistributedDataParallel(mg.nn.Linear(1, 1), find_unused_parameters=True)


def test_names_are_those_of_pytorch(three):
    outer, inner, same = three["names"][0]
    assert outer == [f"module.{name}" for name in inner] and inner[0] == "0.weight" and same


# -- training ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone():
    """What a plain `Trainer` does in one process."""
    return programs.trained(parallel=False)


def same_training(actual, expected):
    for what in ("losses", "rows"):
        np.testing.assert_allclose(actual[what], expected[what], rtol=1e-7)
    for one, other in zip(actual["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_curve_is_that_of_one_process_although_the_batches_do_not_divide(count, alone):
    for rank in on_ranks(count, "trained"):
        same_training(rank, alone)
    assert len(alone["losses"]) == 4 * 3 and programs.EXAMPLES % programs.BATCH == 1


def test_it_goes_on_with_another_number_of_ranks_and_with_none(tmp_path, alone):
    path = str(tmp_path / "checkpoint.safetensors")
    programs.trained("1", "0", path, parallel=False)
    on_ranks(3, "trained", "2", "0", path)
    on_ranks(2, "trained", "3", "0", path)
    same_training(programs.trained("4", "0", path, parallel=False), alone)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_a_full_disk_ends_all_ranks_and_leaves_the_checkpoint_before_whole(tmp_path, alone):
    path = str(tmp_path / "checkpoint.safetensors")
    code, _, errors = run(2, "full_disk", path, seconds=30)
    assert code != 0 and "rank 0 of 2: OSError: [Errno 28] No space left on device" in errors
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.safetensors"]
    assert len(load(path)["parts"]["history"]["epochs"]) == 1
    same_training(programs.trained("4", "0", path, parallel=False), alone)


def test_resumed_with_as_many_ranks_it_ends_with_the_same_bits_whatever_they_draw(tmp_path):
    whole = on_ranks(2, "trained", "2", "0.5")
    path = str(tmp_path / "checkpoint.safetensors")
    on_ranks(2, "trained", "1", "0.5", path)
    assert on_ranks(2, "trained", "2", "0.5", path) == whole


def test_each_rank_draws_numbers_of_its_own_and_rank_0_tells_of_the_epochs(three):
    drawn, told = zip(*three["draws"], strict=True)
    assert [len(numbers) for numbers in drawn] == [6, 4, 4]  # in each epoch one batch has one example
    assert len(set().union(*drawn)) == 14
    assert told == (2, 0, 0)


def test_batch_norms_statistics_are_those_of_rank_0(three):
    x, _ = programs.examples()[:2]
    for mean in three["statistics"]:
        np.testing.assert_allclose(mean, 0.1 * x.array.mean(axis=0))


def test_ranks_that_parted_write_no_checkpoint_and_name_the_parameter(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    for again, parted in on_ranks(3, "parted", str(path)):
        assert again.startswith("FileExistsError")
        assert "The ranks no longer agree: '3.bias' is" in parted and "on rank 2, and" in parted
    assert not path.exists()


@pytest.mark.parametrize("rank", [0, 1])
def test_ctrl_c_on_one_rank_stops_all_after_the_same_step(rank, alone):
    first, second = on_ranks(2, "interrupted", str(rank))
    assert first == second and first["interrupted"]
    np.testing.assert_allclose(first["losses"], alone["losses"][: len(first["losses"])], rtol=1e-7)
    assert 4 <= len(first["losses"]) <= 6


def test_what_is_told_of_an_epoch_can_stop_all_ranks(three):
    assert three["enough"] == [[2, 2 * 3, True]] * 3


def test_a_checkpoint_says_nothing_of_ranks(tmp_path):
    paths = [str(tmp_path / name) for name in ("alone", "ranks")]
    programs.trained("1", "0", paths[0], parallel=False)
    on_ranks(2, "trained", "1", "0", paths[1])
    one, other = map(load, paths)
    assert (
        one["kinds"] == other["kinds"]
        and one["random"] == other["random"]
        and one["parts"].keys() == other["parts"].keys()
    )
