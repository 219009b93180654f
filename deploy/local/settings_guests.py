"""Who else has an account of Kafka: an identity provider, other teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deploy.access import Access
from deploy.access_guests import check_guests
from deploy.local.settings_cluster import ClusterSettings


class Guest(BaseModel):
    """What one of them may do: topics that it writes and reads, consumer groups that it is a member of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def access(self) -> Access:
        """The same as all accounts' is told."""
        return Access(writes=self.writes, reads=self.reads, joins=self.groups)


class GuestSettings(ClusterSettings):
    """Accounts of others, on a stack that knows accounts."""

    kafka_guests: dict[str, Guest] = Field(
        default_factory=dict,
        description='accounts of others on a secure Kafka, as JSON: {"idp": {"writes": ["users"]}, "reports": '
        '{"reads": ["quota"], "groups": ["reports"]}}; default none',
    )

    @property
    def guests(self) -> Mapping[str, Access]:
        """What each may do."""
        return {name: guest.access for name, guest in self.kafka_guests.items()}

    @model_validator(mode="after")
    def _guests_of_a_secure_stack(self) -> Self:
        check_guests(self.guests)
        if self.kafka_guests and not self.secure:
            raise ValueError("KAFKA_GUESTS needs SECURE=1: without it Kafka knows no accounts")
        return self
