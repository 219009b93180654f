"""The browser's way to the store, which tests make narrow or cut: a real one, through the stack's fault proxy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

SECONDS = 60


class Way:
    """The proxy called `name` of the fault proxy at `url`; what is done to it is undone at the end of each block."""

    def __init__(self, url: str, name: str) -> None:
        self._url = f"{url}/proxies/{name}"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Inside, connections are refused, and those that were there are cut."""
        self._say("POST", "", {"enabled": False})
        try:
            yield
        finally:
            self._say("POST", "", {"enabled": True})

    @contextmanager
    def narrow(self, kilobytes: int) -> Iterator[None]:
        """Inside, so many kilobytes a second pass towards the store."""
        toxic = {"name": "narrow", "stream": "upstream", "type": "bandwidth", "attributes": {"rate": kilobytes}}
        self._say("POST", "/toxics", toxic)
        try:
            yield
        finally:
            self._say("DELETE", "/toxics/narrow")

    def _say(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        asked = Request(self._url + path, data=data, method=method)  # noqa: S310 - the stack's own proxy
        asked.add_header(
            "User-Agent", "docuvault-tests"
        )  # toxiproxy refuses browsers, and takes who says nothing for one
        with urlopen(asked, timeout=SECONDS):  # noqa: S310 - likewise
            pass
