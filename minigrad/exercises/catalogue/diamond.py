# minigrad exercise: diamond
"""A tape of numbers: read it backwards, and add up.

Every Number knows which numbers it was computed from, and its slope towards each of them. The tape is the list of all
results, in the order in which they were computed:

    tape = []
    a = Number(3.0)
    b = add(tape, a, a)
    c = add(tape, b, b)        a reaches c on four ways: c = 4a, so a.grad must become 4

Two things make this harder than it looks. A number that is used twice is asked twice, and both answers count. And a
number can hand its gradient on only when all of it has arrived.

Your part: backward. No recursion is needed, nor would it do: a tape can be a million results long.
"""


class Number:
    """A number, and where it comes from: `sources` has a pair (number, slope towards it) for each."""

    def __init__(self, value, sources=()):
        self.value = value
        self.sources = sources
        self.grad = 0.0


def add(tape, x, y):
    """x + y. It moves as far as x, and as far as y."""
    out = Number(x.value + y.value, [(x, 1.0), (y, 1.0)])
    tape.append(out)
    return out


def multiply(tape, x, y):
    """x * y. When x moves, it moves y times as far; when y moves, x times."""
    out = Number(x.value * y.value, [(x, y.value), (y, x.value)])
    tape.append(out)
    return out


def backward(tape, end):
    """Put into `grad` of every number how far `end` moves when that number does. Every grad is 0.0 before."""
    # BEGIN SOLUTION
    end.grad = 1.0
    for out in reversed(tape):
        for source, slope in out.sources:
            source.grad += slope * out.grad
    # END SOLUTION
