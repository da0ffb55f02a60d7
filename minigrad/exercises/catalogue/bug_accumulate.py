# minigrad exercise: bug-accumulate
"""Find the bug: rows looked up in a table.

    words  (N,)     integers in 0..V-1
    table  (V, D)   one row for each word
    out    (N, D)   out[n] is the row of words[n]

The forward is right. The backward is wrong in one place: it is right for some sentences, and wrong for others. Find it,
and repair it.
"""

import numpy as np


def lookup_forward(words, table):
    """words (N,), table (V, D) -> (out (N, D), cache)."""
    return table[words], (words, table)


def lookup_backward(dout, cache):
    """dout (N, D) -> dtable (V, D). The words have no gradient."""
    words, table = cache
    dtable = np.zeros_like(table)
    # BEGIN SOLUTION
    np.add.at(dtable, words, dout)
    # END SOLUTION
    # BEGIN BLANK
    # dtable[words] += dout
    # END BLANK
    return dtable
