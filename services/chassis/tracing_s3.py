"""Spans of calls of the object store: which operation, never a key, which holds a file's name."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from services.chassis.storage_metrics import Operation, measured
from services.chassis.tracing import Span, span

P = ParamSpec("P")
R = TypeVar("R")


def s3_span(operation: str) -> Span:
    """A span of one call; `operation` is S3's own name of it, such as GetObject."""
    return span(f"S3/{operation}", "client", {"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": operation})


def s3_call(
    operation: Operation,
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """As a decorator: each call of the method is such a span, and is measured."""

    def named(call: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @wraps(call)
        async def made(*arguments: P.args, **options: P.kwargs) -> R:
            with measured(operation), s3_span(operation):
                return await call(*arguments, **options)

        return made

    return named
