"""The caller's classification settings over HTTP. The key of a model comes in, and never out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from docuvault_contracts import http_topics as bodies

from services.chassis.web import caller, json_response, note, read_body
from services.classifier.filing import Llm, Mode, Wishes
from services.classifier.http_ids import refused
from services.classifier.settings_store import KeyRefused, SettingsStore

PATH = "/api/auth/me/classification"


class UrlChecker(Protocol):
    """Knows which addresses this server may call."""

    async def check(self, url: str) -> str | None:
        """Why it may not call this one, in a line for a person; None where it may."""
        ...


@dataclass(frozen=True, slots=True)
class SettingsRoutes:
    """The handlers of /api/auth/me/classification."""

    settings: SettingsStore
    urls: UrlChecker
    defaults: Wishes

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get(PATH, self.get)
        app.router.add_put(PATH, self.put)

    async def get(self, request: web.Request) -> web.Response:
        """200."""
        return json_response(view(await self.settings.read(caller(request).user_id)))

    async def put(self, request: web.Request) -> web.Response:
        """200, 422."""
        body = await read_body(request, bodies.ClassificationRequest)
        if body.mode == "llm" and body.llm is None:
            raise refused(("llm",), "the mode llm wants a model to ask", "missing")
        if body.llm is not None and (reason := await self.urls.check(body.llm.url)):
            raise refused(("llm", "url"), reason, "bad_url")
        keeps_key = body.llm is not None and "key" not in body.llm.model_fields_set
        written = await self.settings.write(caller(request).user_id, self._wishes(body), keeps_key=keeps_key)
        if isinstance(written, KeyRefused):
            raise refused(("llm", "key"), written.value, written.name.lower())
        note(request, mode=written.mode)
        return json_response(view(written))

    def _wishes(self, body: bodies.ClassificationRequest) -> Wishes:
        return Wishes(
            mode=Mode(body.mode),
            threshold=self.defaults.threshold if body.threshold is None else body.threshold,
            most_topics=body.most_topics or self.defaults.most_topics,
            llm=None if body.llm is None else _llm(body.llm),
            falls_back=self.defaults.falls_back if body.llm is None else body.llm.fall_back,
        )


def _llm(given: bodies.LlmRequest) -> Llm:
    return Llm(given.url, given.model, None if given.key is None else given.key.get_secret_value())


def view(wishes: Wishes) -> bodies.Classification:
    """The settings as their owner sees them."""
    return bodies.Classification(
        mode=wishes.mode.value,
        threshold=wishes.threshold,
        most_topics=wishes.most_topics,
        llm=None if wishes.llm is None else _shown(wishes.llm, falls_back=wishes.falls_back),
    )


def _shown(llm: Llm, *, falls_back: bool) -> bodies.Llm:
    return bodies.Llm(url=llm.url, model=llm.model, fall_back=falls_back, has_key=llm.key is not None)
