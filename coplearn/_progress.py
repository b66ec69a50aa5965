"""The progress bar of long work."""

from __future__ import annotations

import os
from typing import Any


def progress(**options: Any) -> Any:
    """A progress bar that appears after two seconds, on a terminal only, and never if TQDM_DISABLE is set."""
    from tqdm import tqdm  # not tqdm.auto, which warns in a notebook without widgets; here it shows on terminals only

    return tqdm(disable=True if os.environ.get("TQDM_DISABLE") else None, delay=2, leave=False, **options)
