"""The classifier's routes, put together; each answers 401 without a good token, and 503 where a server is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from services.classifier.corrections import Corrections
from services.classifier.filing import Wishes
from services.classifier.http_corrections import CorrectionRoutes
from services.classifier.http_settings import SettingsRoutes, UrlChecker
from services.classifier.http_topics import TopicRoutes
from services.classifier.settings_store import SettingsStore
from services.classifier.suggestions import Suggestions
from services.classifier.topics_store import Topics


@dataclass(frozen=True, slots=True)
class Routes:
    """All of them."""

    topics: TopicRoutes
    settings: SettingsRoutes
    corrections: CorrectionRoutes

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        for some in (self.topics, self.settings, self.corrections):
            some.setup(app)


def make_routes(  # noqa: PLR0913 - what they work on
    topics: Topics,
    suggestions: Suggestions,
    settings: SettingsStore,
    corrections: Corrections,
    urls: UrlChecker,
    *,
    defaults: Wishes,
    wake: Callable[[], None],
    wait_seconds: float,
) -> Routes:
    """The routes on these resources.

    `defaults` are the settings of who has none; `wake` is called once a document was put in line; `wait_seconds` is how
    long a document is waited for that has not been heard of.
    """
    return Routes(
        TopicRoutes(topics, suggestions),
        SettingsRoutes(settings, urls, defaults),
        CorrectionRoutes(corrections, wake, wait_seconds),
    )
