"""What goes wrong with a measurement."""

from __future__ import annotations


class BenchError(Exception):
    """Why a line could not be measured, in one line."""
