"""Pseudonyms: names that stand for members and lead back to nobody without a key.

A pseudonym is the first 16 characters of base32(HMAC-SHA256(key, namespace, id)). Without the key nobody can try names
or addresses one after the other, as with a plain hash. The same key and namespace give a member the same pseudonym in
every file; keep the key apart from the data, and destroy it when no file will be added any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

import pandas as pd

from coplearn._checks import plural

__all__ = ["pseudonyms"]

SHORTEST = 16  # characters of a key


def pseudonyms(ids: Iterable[str], key: str | bytes, namespace: str = "") -> pd.Series:
    """Pseudonyms of members.

    Parameters
    ----------
    ids : iterable of str
        Names, addresses or numbers. Case and surrounding blanks do not count.
    key : str or bytes
        A secret of at least 16 characters, such as ``secrets.token_hex(16)`` makes.
    namespace : str
        Of a study; another one gives other pseudonyms, so that two studies cannot be joined.

    Returns
    -------
    Series of str
        Indexed by the ids as given.

    Raises
    ------
    ValueError
        For a key that is too short, and in the unlikely case that two ids get the same pseudonym.

    Examples
    --------
    >>> pseudonyms(["ann@example.org", " ANN@example.org"], key="not a secret at all").nunique()
    1
    """
    secret = key.encode() if isinstance(key, str) else bytes(key)
    if len(secret) < SHORTEST:
        raise ValueError(
            f"the key has {plural(len(secret), 'character')}; give a secret of {SHORTEST} or more, such as "
            "secrets.token_hex(16) makes, and keep it apart from the data."
        )
    given = [str(i) for i in ids]
    plain = [i.strip().casefold() for i in given]
    made = {}
    for one in dict.fromkeys(plain):
        digest = hmac.new(secret, f"{namespace}\x00{one}".encode(), hashlib.sha256).digest()
        made[one] = base64.b32encode(digest).decode()[:16].lower()
    if len(set(made.values())) < len(made):
        raise ValueError("two ids got the same pseudonym; choose another key.")
    return pd.Series([made[i] for i in plain], index=pd.Index(given, name="id"), name="member", dtype="str")
