"""What "OpenAI-compatible" means differs; which way of asking an endpoint takes is found out once and remembered."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from services.classifier.filing import Llm

MOST_ENDPOINTS = 1000
_NEWER = re.compile(rb"max_tokens|max_completion_tokens|temperature")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of asking."""

    has_schema: bool = True
    """The answer is bound to a JSON Schema; else it is any JSON object."""
    is_newer: bool = False
    """As OpenAI's models that reason want it: max_completion_tokens, and no temperature."""

    def options(self, schema: dict[str, Any], tokens: int) -> dict[str, Any]:
        """What of the request's body depends on it."""
        named = {"name": "topics", "strict": True, "schema": schema}
        form = {"type": "json_schema", "json_schema": named} if self.has_schema else {"type": "json_object"}
        bounds = {"max_completion_tokens": tokens} if self.is_newer else {"max_tokens": tokens, "temperature": 0}
        return {"response_format": form, **bounds}

    def simpler(self, complaint: bytes) -> Dialect | None:
        """What to try after a 400 with the body `complaint`; None where there is nothing left."""
        if not self.is_newer and _NEWER.search(complaint):
            return replace(self, is_newer=True)
        return replace(self, has_schema=False) if self.has_schema else None


class Dialects:
    """What was found out, of the endpoints that were used last."""

    def __init__(self, most: int = MOST_ENDPOINTS) -> None:
        self._most = most
        self._found: OrderedDict[tuple[str, str], Dialect] = OrderedDict()

    def of(self, llm: Llm) -> Dialect:
        """The one to begin with."""
        return self._found.get((llm.url, llm.model), Dialect())

    def remember(self, llm: Llm, dialect: Dialect) -> None:
        """It was understood."""
        self._found[llm.url, llm.model] = dialect
        self._found.move_to_end((llm.url, llm.model))
        if len(self._found) > self._most:
            self._found.popitem(last=False)
