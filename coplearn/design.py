"""What goes into a regression of members: a response, covariates with an intercept, and matrices by name.

Labels meet here and nowhere else: rows of X come into the order of y, and what is missing, constant or a combination
of other columns is said with the name of the member or the column, before anything is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from coplearn._checks import listing, plural
from coplearn.weights import nameless

__all__ = ["INTERCEPT", "design", "full_rank", "members_of", "named_matrices", "response"]

INTERCEPT = "intercept"


def named_matrices(matrices: Any, kind: str) -> dict[str, Any]:
    """Matrices by name: a single one has the empty name, several are counted from 1."""
    if matrices is None:
        return {}
    if isinstance(matrices, Mapping):
        return {str(name): matrix for name, matrix in matrices.items()}
    if isinstance(matrices, pd.DataFrame) or sparse.issparse(matrices):
        return {"": matrices}
    if isinstance(matrices, np.ndarray) and matrices.ndim == 2:
        return {"": matrices}
    if not isinstance(matrices, Sequence | np.ndarray):
        raise TypeError(f"{kind} are a matrix, a list of matrices or a dict of them, not {type(matrices).__name__}.")
    return {"": matrices[0]} if len(matrices) == 1 else {str(k): w for k, w in enumerate(matrices, 1)}


def members_of(y: Any, x: Any, matrices: Sequence[Any]) -> pd.Index:
    """Names of the members: those of y, else of X, else of a matrix, else their places.

    A plain count (RangeIndex) is taken for names only where nothing else has names, or has the same numbers.
    """
    labelled = [v.index for v in (y, x, *matrices) if isinstance(v, pd.Series | pd.DataFrame)]
    places = pd.RangeIndex(len(y))
    first = labelled[0] if isinstance(y, pd.Series) else places
    if isinstance(first, pd.RangeIndex):
        same_size = [index for index in labelled if len(index) == len(y)]
        named = [index for index in same_size if not isinstance(index, pd.RangeIndex) and not index.isin(first).all()]
        if not isinstance(y, pd.Series):  # an array stands in the order of the first frame beside it
            named = [index for index in same_size if not isinstance(index, pd.RangeIndex)]
        first = named[0] if named else first
    if first.has_duplicates:
        raise ValueError(f"more than one row for {listing(first[first.duplicated()].unique())}.")
    return first


def response(y: Any, members: pd.Index) -> np.ndarray:
    """y as an array, one finite value a member."""
    values = np.asarray(y, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"y has shape {values.shape}; give one value a member.")
    bad = ~np.isfinite(values)
    if bad.any():
        who = listing(members[bad])
        raise ValueError(
            f"y is missing or infinite for {plural(int(bad.sum()), 'member')} ({who}). Leave them out of y, X and the "
            "matrices, or fill their values in."
        )
    return values


def design(x: Any, members: pd.Index) -> pd.DataFrame:
    """X with an intercept, in the order of the members, of full rank.

    Raises
    ------
    ValueError
        For other members than those of y, columns that are not numeric, missing values, and columns that are a
        combination of others; each is named.
    """
    n = len(members)
    if x is None:
        frame = pd.DataFrame(index=members)
    elif isinstance(x, pd.Series | pd.DataFrame):
        frame = x.to_frame(x.name if x.name is not None else "x1") if isinstance(x, pd.Series) else x
        if not frame.index.equals(members) and not nameless(frame.index, members):
            absent = members.difference(frame.index, sort=False)
            if len(absent) or len(frame) != n:
                raise ValueError(
                    f"X and y are not about the same members: X has {len(frame)} rows, y {n} values"
                    + (f", and X lacks {listing(absent)}." if len(absent) else ".")
                )
            frame = frame.loc[members]
    else:
        values = np.asarray(x, dtype=float)
        values = values[:, None] if values.ndim == 1 else values
        frame = pd.DataFrame(values, columns=[f"x{k}" for k in range(1, values.shape[1] + 1)])
    if len(frame) != n:
        raise ValueError(f"X has {plural(len(frame), 'row')}, y {plural(n, 'value')}.")
    words = [str(c) for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    if words:
        raise ValueError(f"X: {listing(words)} is not numeric. Code it as numbers, such as with pd.get_dummies.")
    frame = frame.astype(float).set_axis([str(c) for c in frame.columns], axis=1).set_axis(members, axis=0)
    bad = ~np.isfinite(frame.to_numpy())
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"X is missing or infinite in {plural(int(bad.sum()), 'place')}, first in column {frame.columns[column]!r} "
            f"of member {members[row]}. Leave the member out of y, X and the matrices, or fill the value in."
        )
    constant = [c for c in frame if frame[c].iloc[0] != 0 and np.ptp(frame[c].to_numpy()) == 0]
    if not constant:
        if INTERCEPT in frame:
            raise ValueError(f"X has a column {INTERCEPT!r} that is not constant. Rename it.")
        frame.insert(0, INTERCEPT, 1.0)
    return full_rank(frame)


def full_rank(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, if no column is a combination of those before it."""
    values = frame.to_numpy() / np.maximum(np.linalg.norm(frame.to_numpy(), axis=0), 1e-300)
    for k, name in enumerate(frame.columns):
        before = values[:, :k]
        weights = np.linalg.lstsq(before, values[:, k], rcond=None)[0]
        if np.linalg.norm(values[:, k] - before @ weights) < 1e-9:
            others = [c for c, w in zip(frame.columns[:k], weights, strict=True) if abs(w) > 1e-9]
            what = f"a combination of {listing(others)}" if others else "0 for everybody"
            raise ValueError(f"X is singular: column {name!r} is {what}. Leave one of them out.")
    return frame
