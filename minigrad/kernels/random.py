"""Uniform random numbers on a GPU: the very ones that NumPy's generator, PCG64, would draw next on the host.

So a seed gives the same numbers on either device, and none of them is copied. PCG64 is a number of 128 bits, its state,
which goes on by s ← a s + c (mod 2^128), and 64 bits are mixed from each state. Two steps at once are
s ← a² s + (a + 1) c: a step again, with another a and c. So a leap of any length is put together from those of 1, 2, 4,
8, ... steps, and each thread leaps to the states that are its own.

Sources: O'Neill, "PCG" (2014); Brown, "Random number generation with arbitrary strides" (1994); NumPy, `PCG64`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, float32
from minigrad.kernels.kernel import Kernel

THREADS = 2**17
LOW = 2**64 - 1  # the lower half of 128 bits

_PCG64 = """
typedef unsigned __int128 State;
struct Leap { State a, c; };

__device__ Leap leap(State a, State c, long long steps) {
    Leap all = {1, 0};
    for (; steps; steps >>= 1) {
        if (steps & 1) all = {all.a * a, all.c * a + c};
        c *= a + 1;
        a *= a;
    }
    return all;
}

__device__ unsigned long long mixed(State s) {
    const unsigned long long both = (unsigned long long) (s >> 64) ^ (unsigned long long) s;
    const int turn = s >> 122;
    return both >> turn | both << (-turn & 63);
}

__device__ float single(unsigned half) { return (half >> 8) * (1.f / (1 << 24)); }
"""

# A state gives one number in double precision, and two in single: the lower half of its bits first. The upper half of
# an earlier one may be `pending`: then the first number is made of it. Thread i has the states that come after i + 1,
# i + 1 + threads, ... steps.
_UNIFORM = Kernel(
    "uniform",
    "uint64 state_high, uint64 state_low, uint64 c_high, uint64 c_low, int32 pending, uint32 half, int64 count, "
    "int64 threads",
    "raw T drawn",
    """
    const State a = (State) 0x2360ED051FC65DA4 << 64 | 0x4385DF649FCCF645, c = (State) c_high << 64 | c_low;
    const Leap here = leap(a, c, i + 1), on = leap(a, c, threads);
    State state = here.a * ((State) state_high << 64 | state_low) + here.c;
    for (ptrdiff_t place = pending + EACH * i; place < count; place += EACH * threads) {
        const unsigned long long bits = mixed(state);
        if (EACH == 1) {
            drawn[place] = (bits >> 11) * T(1. / (1ll << 53));
        } else {
            drawn[place] = single(bits);
            if (place + 1 < count) drawn[place + 1] = single(bits >> 32);
        }
        state = on.a * state + on.c;
    }
    if (i == 0 && pending) drawn[0] = single(half);
    """,
    preamble=_PCG64,
    options=("--device-int128",),
)


def uniform(generator: Any, drawn: Array) -> None:
    """Fill `drawn` with what NumPy's Generator of a PCG64 would draw next, and let it go on behind that."""
    if not drawn.size:
        return
    stream, each = generator.bit_generator, 2 if drawn.dtype == float32 else 1
    before = stream.state
    state, c = before["state"]["state"], before["state"]["inc"]
    pending = before["has_uint32"] if each == 2 else 0
    steps, odd = divmod(drawn.size - pending, each)
    threads = max(1, min(THREADS, steps + odd))
    _UNIFORM(
        state >> 64, state & LOW, c >> 64, c & LOW, pending, before["uinteger"], drawn.size, threads, drawn,
        size=threads, EACH=each,
    )  # fmt: skip
    stream.advance(steps)  # which forgets what is pending
    if each == 1:
        stream.state = {**before, "state": stream.state["state"]}
    elif odd:
        generator.random(dtype=float32)
