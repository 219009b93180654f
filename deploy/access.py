"""Who may do what on Kafka, whichever way docuvault is deployed. Pure: it names, and asks and tells nobody.

What an account writes follows from the topics' owners in the contracts. What it reads stands here, and a test holds it
to what the services read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from docuvault_contracts.topics import (
    ALL,
    CHANGES,
    CLASSIFICATION,
    DEAD_LETTER_JOURNAL,
    DOCUMENTS,
    GROUPS,
    QUOTA,
    STORAGE_EVENTS,
    STORAGE_JANITOR,
    USERS,
    Topic,
    dead_letter_topic,
)

OPERATORS = "operators"
"""The account of who runs all this: it may do anything, as `make dlq`, `make token` and the making of topics need."""
NODES = "brokers"
"""The account of Kafka's nodes among each other."""
OTHERS = frozenset({"identity provider", "operator"})
"""Owners of topics that are no account of a service: who they are is an operator's to say."""
_ACCOUNT_OF = {"minio": "store"}
"""Owners of topics whose account has another name."""


class Kind(StrEnum):
    """What a rule is about; the values are those of Strimzi's KafkaUser."""

    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    """What may be done, by Kafka's names. Who may read or write may describe, too.

    To read a group is to be a member of it and to commit its offsets; to describe one is to see what it has committed.
    """

    READ = "Read"
    WRITE = "Write"
    DESCRIBE = "Describe"


class Rule(NamedTuple):
    """That one thing may be done with what has exactly this name."""

    kind: Kind
    name: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Access:
    """What an account may do: topics and groups by name. `joins` are the groups that it is a member of."""

    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    describes: frozenset[str] = frozenset()
    joins: frozenset[str] = frozenset()
    watches: frozenset[str] = frozenset()

    @property
    def rules(self) -> frozenset[Rule]:
        """The same as rules for Kafka's authorizer."""
        found = (
            *((Kind.TOPIC, name, Operation.WRITE) for name in self.writes),
            *((Kind.TOPIC, name, Operation.READ) for name in self.reads),
            *((Kind.TOPIC, name, Operation.DESCRIBE) for name in self.describes),
            *((Kind.GROUP, name, Operation.READ) for name in self.joins),
            *((Kind.GROUP, name, Operation.DESCRIBE) for name in self.watches),
        )
        return frozenset(Rule(*each) for each in found)


def _names(*topics: Topic) -> frozenset[str]:
    return frozenset(topic.name for topic in topics)


def _owners(topic: Topic) -> frozenset[str]:
    owners = frozenset(owner.strip() for owner in topic.owner.split(","))
    return frozenset(_ACCOUNT_OF.get(owner, owner) for owner in owners - OTHERS)


def _written_by(account: str) -> frozenset[str]:
    return _names(*(topic for topic in ALL if account in _owners(topic)))


READ_AS_GROUP: Mapping[str, frozenset[str]] = {
    "upload": _names(QUOTA, CLASSIFICATION, STORAGE_JANITOR),
    "quota": _names(STORAGE_EVENTS, DOCUMENTS, STORAGE_JANITOR, USERS),
    "janitor": _names(QUOTA, DOCUMENTS),
    "classifier": _names(QUOTA, DOCUMENTS),
}
"""What the members of a group read together, by the name of the group, which is that of the account."""
_READ_BESIDE: Mapping[str, frozenset[str]] = {
    # Each replica follows all hints for its own streams.
    "upload": _names(CHANGES),
    # It says how old the oldest undecided upload is, of any group, and how many dead letters are open.
    "janitor": frozenset().union(*READ_AS_GROUP.values()) | _names(DEAD_LETTER_JOURNAL),
}
_DESCRIBED = {"janitor": _names(*(dead_letter_topic(group) for group in GROUPS))}
_WATCHED = {"janitor": frozenset(GROUPS) - {"janitor"}}


def _access(account: str) -> Access:
    nothing: frozenset[str] = frozenset()
    return Access(
        writes=_written_by(account),
        reads=READ_AS_GROUP.get(account, nothing) | _READ_BESIDE.get(account, nothing),
        describes=_DESCRIBED.get(account, nothing) - _written_by(account),
        joins=frozenset({account} & READ_AS_GROUP.keys()),
        watches=_WATCHED.get(account, nothing),
    )


ACCOUNTS: Mapping[str, Access] = {name: _access(name) for name in (*READ_AS_GROUP, "store")}
"""By account: one a service, and the store's. Whoever is not here, and is no operator, may do nothing."""
