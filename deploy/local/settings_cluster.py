"""How many machines a stack stands for: of Kafka's brokers, and of PostgreSQL's servers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class ClusterSettings(BaseSettings):
    """The servers that there are more than one of."""

    brokers: Annotated[Literal[1, 3], BeforeValidator(_number)] = Field(
        1,
        description="Kafka's brokers: 1, or 3, of which one may be away: all is kept three times, and acknowledged by "
        "two at least; the next ones have the ports KAFKA_PORT and KAFKA_CONTROLLER_PORT + 2 and + 4; default 1",
    )
    standby: bool = Field(
        False,
        description="whether PostgreSQL has a synchronous standby, on POSTGRES_PORT + 1, that has all that is "
        "acknowledged; default false",
    )
