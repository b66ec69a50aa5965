"""Random numbers of one simulated period, from a stream that its five coordinates name.

SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195): the t-th number is a hash of start + t * GOLDEN,
and the start is a hash of (seed, phase, iteration, run, period). Whoever simulates the period draws the same numbers.
"""

import numpy as np
from numba import njit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
BY_11, BY_27, BY_30, BY_31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
UNIT = 2.0**-53


@njit(cache=True, nogil=True)
def mix(h):
    """Spread the bits of a uint64."""
    h = (h ^ (h >> BY_30)) * FIRST
    h = (h ^ (h >> BY_27)) * SECOND
    return h ^ (h >> BY_31)


@njit(cache=True, nogil=True)
def open_stream(stream, seed, phase, iteration, run, period):
    """Set `stream` (uint64[1]) to the start of the stream of these coordinates."""
    h = mix(np.uint64(seed) + GOLDEN)
    for part in (phase, iteration, run, period):
        h = mix((h ^ np.uint64(part)) + GOLDEN)
    stream[0] = h


@njit(cache=True, nogil=True)
def uniform(stream):
    """The next number, in [0, 1)."""
    stream[0] += GOLDEN
    return np.float64(mix(stream[0]) >> BY_11) * UNIT
