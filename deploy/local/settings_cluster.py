"""What the servers of a stack are like: how many of Kafka's and PostgreSQL's there are, and how they are spoken to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class ClusterSettings(BaseSettings):
    """The servers that there may be more than one of, and that may want to know who speaks to them."""

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
    secure: bool = Field(
        False,
        description="whether Kafka and PostgreSQL speak TLS, with certificates of the stack's own authority, and Kafka "
        "knows accounts; default false",
    )
