"""The ledger's events around the pools and caches that users already have; each can be undone."""

from .table import instrument

__all__ = ["instrument"]
