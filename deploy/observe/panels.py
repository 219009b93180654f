"""What a dashboard is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["s", "ops", "short", "percentunit", "bytes"]
"""As Grafana calls them: seconds, per second, a number, a share of 1, bytes."""


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and how a series of its result is called: `{{label}}` stands for a label's value."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart over time. At `limit` something is not right; the line is drawn."""

    title: str
    meaning: str
    unit: Unit
    queries: tuple[Query, ...]
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard: the name of its file, its title, and the question that it answers."""

    name: str
    title: str
    question: str
    panels: tuple[Panel, ...]


def one(title: str, unit: Unit, expression: str, legend: str, meaning: str, limit: float | None = None) -> Panel:  # noqa: PLR0913, PLR0917 - a panel
    """A panel of one query."""
    return Panel(title, meaning, unit, (Query(expression, legend),), limit)


def quantiles(  # noqa: PLR0913 - a panel
    title: str, histogram: str, meaning: str, *, by: str = "", where: str = "", limit: float | None = None
) -> Panel:
    """The median and the 99th percentile of a histogram over five minutes, of each value of a label or of all."""
    rate = f"sum by (le{', ' + by if by else ''}) (rate({histogram}_bucket{'{' + where + '}' if where else ''}[5m]))"
    name = f"{{{{{by}}}}} " if by else ""
    queries = tuple(
        Query(f"histogram_quantile({share}, {rate})", f"{name}p{round(share * 100)}") for share in (0.5, 0.99)
    )
    return Panel(title, meaning, "s", queries, limit)
