import threading

import pytest

import minigrad as mg

x = mg.tensor([1.0, 2.0], requires_grad=True)


def recorded():
    """Whether an op is recorded here and now; `is_grad_enabled` must agree."""
    assert (x * 2).requires_grad == mg.is_grad_enabled()
    return mg.is_grad_enabled()


def test_no_grad_records_nothing_and_enable_grad_records_again():
    assert recorded()
    with mg.no_grad():
        assert not recorded()
        with mg.enable_grad():
            assert recorded()
        assert not recorded()
    assert recorded()


@pytest.mark.parametrize("mode", [mg.no_grad, mg.enable_grad, lambda: mg.set_grad_enabled(False)])
@pytest.mark.parametrize("outside", [True, False])
def test_the_mode_before_is_restored_even_after_an_exception(mode, outside):
    def fail():
        raise KeyError("ours")

    with mg.set_grad_enabled(outside):
        with pytest.raises(KeyError), mode():
            fail()
        assert recorded() == outside
        with pytest.raises(KeyError):
            mode()(fail)()
        assert recorded() == outside
    assert recorded()


def test_set_grad_enabled_switches_at_once_and_as_a_block():
    mg.set_grad_enabled(False)
    assert not recorded()
    mg.set_grad_enabled(True)
    assert recorded()
    with mg.set_grad_enabled(False):
        assert not recorded()
    assert recorded()


def test_each_is_a_decorator_in_force_only_inside_the_function():
    @mg.no_grad()
    def off(offset, *, factor):
        """Its own words."""
        return recorded(), offset * factor

    @mg.enable_grad()
    def on():
        return recorded()

    @mg.set_grad_enabled(False)
    def switched():
        return recorded()

    assert recorded()
    assert off(2, factor=3) == (False, 6) and not switched()
    assert (off.__name__, off.__doc__) == ("off", "Its own words.")
    with mg.no_grad():
        assert on() and not switched() and not recorded()
    assert recorded()


def test_no_grad_and_enable_grad_need_no_parentheses():
    @mg.no_grad
    def off():
        return recorded()

    class Counter:
        @mg.no_grad
        def off(self):
            return recorded()

    assert not off() and not Counter().off()
    with mg.no_grad():
        assert mg.enable_grad(recorded)()


def test_a_generator_runs_in_its_mode_and_its_consumer_in_its_own():
    closed = []

    @mg.no_grad()
    def steps(first):
        try:
            got = yield first, recorded()
            try:
                yield got, recorded()
            except KeyError:
                yield "caught", recorded()
            return "end", recorded()
        finally:
            closed.append(recorded())

    generator = steps(1)
    assert recorded()
    assert next(generator) == (1, False)
    assert recorded()
    assert generator.send(2) == (2, False)
    assert generator.throw(KeyError()) == ("caught", False)
    assert recorded()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == ("end", False) and recorded()

    unfinished = steps(1)
    next(unfinished)
    unfinished.close()
    assert closed == [False, False] and recorded()
    assert [value for value, _ in steps("a")] == ["a", None]


def test_generators_behave_as_in_pytorch(torch):
    def run(lib):
        @lib.no_grad()
        def steps():
            received = yield lib.is_grad_enabled()
            yield received, lib.is_grad_enabled()

        generator = steps()
        return next(generator), lib.is_grad_enabled(), generator.send(3), lib.is_grad_enabled()

    assert run(mg) == run(torch) == (False, True, (3, False), True)


def test_one_object_may_be_entered_again_while_open():
    mode = mg.no_grad()
    with mode:
        with mg.enable_grad(), mode:
            assert not recorded()
        assert not recorded()
    assert recorded()

    @mode
    def countdown(n):
        assert not recorded()
        return countdown(n - 1) if n else n

    assert countdown(3) == 0 and recorded()


def test_the_mode_is_each_threads_own():
    seen = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(recorded()))
        thread.start()
        thread.join()
        assert not recorded()
    assert seen == [True]


def test_a_decorated_function_may_run_in_two_threads_at_once():
    inside, go_on = threading.Event(), threading.Event()

    @mg.no_grad()
    def wait():
        inside.set()
        assert go_on.wait(5)

    after = []
    thread = threading.Thread(target=lambda: (wait(), after.append(recorded())))
    with mg.no_grad():
        thread.start()
        assert inside.wait(5)
        go_on.set()
        thread.join()
    assert after == [True] and recorded()
