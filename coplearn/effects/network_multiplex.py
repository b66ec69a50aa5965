"""Definitions of network effects of another network; notation of ``coplearn.effects.network``."""

__all__: list[str] = []
