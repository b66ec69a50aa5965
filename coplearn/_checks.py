"""Sentences for bad input: which name is unknown, what was meant, and which are there.

Every error a user can meet says what is wrong, where, and what to do next. The helpers here write the
parts that recur: a name that is not in a list, and a list of members short enough to read.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "as_floats",
    "choose",
    "generator",
    "is_number",
    "is_whole",
    "level",
    "listing",
    "plural",
    "seed_sequence",
    "whole",
    "workers",
]


def listing(names: Iterable[object], most: int = 5) -> str:
    """The first names of a list in words, with a count of the rest.

    Examples
    --------
    >>> listing(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    words = [str(name) for name in names]
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most:,} more"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """A count with its noun.

    Examples
    --------
    >>> plural(1, "row"), plural(1200, "row"), plural(2, "entry", "entries")
    ('1 row', '1,200 rows', '2 entries')
    """
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def choose(name: object, available: Collection[str] | Sequence[str], what: str) -> str:
    """Return `name` if it is available; otherwise raise with the closest names.

    Raises
    ------
    ValueError
        If `name` is not in `available`; the message proposes the nearest spelling.

    Examples
    --------
    >>> choose("eficacy", ["efficacy", "identity"], "scale")
    Traceback (most recent call last):
    ValueError: no scale 'eficacy'. Did you mean 'efficacy'? Available: efficacy, identity.
    """
    if name in available:
        return str(name)
    near = difflib.get_close_matches(str(name), [str(a) for a in available], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    there = listing(available, most=20) if available else "none"
    raise ValueError(f"no {what} {name!r}.{hint} Available: {there}.")


def as_floats(values: Any) -> np.ndarray:
    """Numbers as floats with NaN for what is missing, also from columns that hold whole numbers and gaps.

    Examples
    --------
    >>> as_floats(pd.DataFrame({"i1": pd.array([1, None], dtype="Int64")})).ravel()
    array([ 1., nan])
    """
    if hasattr(values, "to_numpy"):
        try:
            return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
        except (TypeError, ValueError):
            for name, column in values.items() if isinstance(values, pd.DataFrame) else [(values.name, values)]:
                odd = pd.Series(column)[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
                if len(odd):
                    raise ValueError(f"column {name!r} holds {odd.iloc[0]!r}; give numbers.") from None
            raise
    return np.asarray(values, dtype=float)


def seed_sequence(seed: Any) -> np.random.SeedSequence:
    """Where random streams begin: of a whole number, always in the same place.

    Raises
    ------
    ValueError
        If it is neither a whole number from 0 on (or several), None, nor a numpy Generator or SeedSequence.

    Examples
    --------
    >>> seed_sequence(-1)
    Traceback (most recent call last):
    ValueError: seed is -1; give a whole number of at least 0, or None.
    """
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, np.random.Generator):
        seed = int(seed.integers(2**62))
    try:
        return np.random.SeedSequence(seed)
    except (TypeError, ValueError):
        raise ValueError(f"seed is {seed!r}; give a whole number of at least 0, or None.") from None


def generator(seed: Any) -> np.random.Generator:
    """Random numbers that begin at :func:`seed_sequence`."""
    return np.random.default_rng(seed_sequence(seed))


def is_whole(value: Any, least: float = 1) -> bool:
    """Whether `value` is a whole number of at least `least`; True and False are none.

    Examples
    --------
    >>> is_whole(1), is_whole(True), is_whole(2.0)
    (True, False, False)
    """
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def whole(value: Any, name: str, least: int = 1) -> int:
    """`value` if it is a whole number of at least `least`.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> whole(0, "permutations")
    Traceback (most recent call last):
    ValueError: permutations is 0; give a whole number of at least 1.
    """
    if not is_whole(value, least):
        raise ValueError(f"{name} is {value!r}; give a whole number of at least {least}.")
    return int(value)


def is_number(value: Any, finite: bool = True) -> bool:
    """Whether `value` is a number, by default a finite one; True and False are none, nor are NaN and numbers in words.

    Examples
    --------
    >>> is_number(0.5), is_number(np.int64(2)), is_number("2"), is_number(np.nan)
    (True, True, False, False)
    """
    real = not isinstance(value, bool) and isinstance(value, Real)
    return real and not np.isnan(float(value)) and not (finite and np.isinf(float(value)))


def workers(value: Any, name: str = "n_jobs") -> int | None:
    """`value` if it is a number of workers as joblib takes it: -1 is one a processor, None leaves it to joblib.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> workers("two")
    Traceback (most recent call last):
    ValueError: n_jobs is 'two'; give a whole number of workers, -1 for one a processor, or None.
    """
    if value is not None and (not is_whole(value, -np.inf) or value == 0):
        raise ValueError(f"{name} is {value!r}; give a whole number of workers, -1 for one a processor, or None.")
    return value if value is None else int(value)


def level(alpha: Any) -> float:
    """`alpha` if it is one minus the level of an interval.

    Raises
    ------
    ValueError
        If it is not between 0 and 1.

    Examples
    --------
    >>> level(95)
    Traceback (most recent call last):
    ValueError: alpha is one minus the level, between 0 and 1, not 95; 0.05 gives 95 % intervals.
    """
    if not is_number(alpha) or not 0 < alpha < 1:
        raise ValueError(f"alpha is one minus the level, between 0 and 1, not {alpha!r}; 0.05 gives 95 % intervals.")
    return float(alpha)
