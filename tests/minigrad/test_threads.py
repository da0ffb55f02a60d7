"""Sharing work: every part is done once and in order, an error gets out, and BLAS is left as it was."""

import multiprocessing
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import minigrad as mg
from minigrad import threads
from minigrad.ops.linear import product
from tests.minigrad.parity import draw

MUCH = threads.WORTH_SHARING


@pytest.fixture(autouse=True)
def four_threads():
    before = threads.get_num_threads()
    threads.set_num_threads(4)
    yield
    threads.set_num_threads(before)


def blas_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 17])
def test_every_part_is_done_once_and_the_results_are_in_order(length):
    parts = threads.share(lambda part: (time.sleep(0.01 * (part.start == 0)), part)[1], length, MUCH)
    assert len(parts) == min(4, length)
    assert [i for part in parts for i in part] == list(range(length))


def test_parts_run_side_by_side_on_threads_of_their_own():
    meeting = threading.Barrier(4, timeout=10)  # which nobody passes alone
    assert len(set(threads.share(lambda _: (meeting.wait(), threading.get_ident())[1], 4, MUCH))) == 4


def test_little_work_is_not_shared():
    assert threads.share(lambda part: part, 100, MUCH - 1) == [range(100)]


def test_one_thread_turns_sharing_off():
    mg.set_num_threads(1)
    assert mg.get_num_threads() == 1
    assert threads.share(lambda part: part, 100, MUCH) == [range(100)]
    assert set(blas_threads()) == {1}


def test_shared_work_is_not_shared_again():
    inner = threads.share(lambda _: threads.share(lambda part: part, 100, MUCH), 4, MUCH)
    assert inner == [[range(100)]] * 4


def test_blas_keeps_to_one_thread_meanwhile_and_is_put_back():
    before = blas_threads()
    inside = threads.share(lambda _: blas_threads(), 4, MUCH)
    assert all(set(counts) == {1} for counts in inside)
    assert blas_threads() == before


@pytest.mark.parametrize("failing", range(4))
def test_an_error_in_any_part_gets_out_when_all_are_done_and_leaves_blas_as_it_was(failing):
    before, done = blas_threads(), []

    def work(part):
        if part.start == failing:
            raise KeyError(failing)
        time.sleep(0.02)
        done.append(part.start)

    with pytest.raises(KeyError, match=str(failing)):
        threads.share(work, 4, MUCH)
    assert sorted([*done, failing]) == [0, 1, 2, 3]
    assert blas_threads() == before
    assert len(threads.share(lambda part: part, 4, MUCH)) == 4


@pytest.mark.parametrize("shape", [(300, 200, 100), (100, 200, 300), (64, 999, 64)], ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_product_is_the_same_whoever_shares_it(shape, order, monkeypatch):
    rows, inner, columns = shape
    x, y = (np.asarray(draw(*one).astype(np.float32), order=order) for one in ((rows, inner), (inner, columns)))
    monkeypatch.setattr(threads._settings, "products", threads.MANY)
    assert not threads.in_company()
    alone = product(x, y)
    threads.share(lambda part: part, 4, MUCH, products=True)
    assert not threads.in_company()
    threads.share(lambda part: part, 4, MUCH)
    assert threads.in_company()
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    np.testing.assert_allclose(product(x, y), alone, rtol=1e-4, atol=1e-4)
    out = np.empty((columns, rows), np.float32).T
    assert product(x, y, out) is out
    np.testing.assert_allclose(out, alone, rtol=1e-4, atol=1e-4)


def test_after_many_products_without_other_work_blas_has_them_again(monkeypatch):
    monkeypatch.setattr(threads._settings, "products", 0)
    x = draw(64, 64)
    products = 0
    while threads.in_company():
        product(x, x)
        products += 1
    assert products == threads.MANY
    product(x, x)
    threads.share(lambda part: part, 4, MUCH)
    assert threads.in_company()


def test_two_users_at_once_leave_blas_as_it_was():
    before = blas_threads()

    def use():
        for _ in range(20):
            threads.share(lambda _: time.sleep(0.001), 4, MUCH)

    users = [threading.Thread(target=use) for _ in range(3)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert blas_threads() == before


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", None])
def test_no_number_of_threads_is_refused(count):
    with pytest.raises(ValueError, match="set_num_threads: expected a whole number of threads, at least 1, got"):
        mg.set_num_threads(count)


def _share_in_child(queue):
    queue.put(threads.share(lambda part: list(part), 8, MUCH))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs a system with fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    threads.share(lambda part: part, 8, MUCH)  # so that there are threads, which the child will not have
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_share_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=30) == [[0, 1], [2, 3], [4, 5], [6, 7]]
    child.join()
