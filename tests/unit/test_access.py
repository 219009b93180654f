"""Who may do what on Kafka: held to the contracts' owners, and to what the services really read."""

from __future__ import annotations

from itertools import chain

import pytest
from docuvault_contracts import topics

from deploy.access import ACCOUNTS, OPERATORS, OTHERS, Kind, Operation, Rule
from deploy.local.settings import KAFKA_CLIENTS
from services.classifier import parsing as classifier
from services.janitor import parsing as janitor
from services.janitor.watch_letters import GROUPS as LETTERS_OF
from services.janitor.watch_letters import JOURNAL
from services.janitor.watch_rules import GROUPS as WATCHED
from services.quota import parsing as quota
from services.upload import handler as upload

CALLED = {"store": "minio"}
READ = {
    "upload": {*upload.TOPICS, topics.CHANGES.name},
    "quota": set(quota.TOPICS),
    "janitor": {*janitor.TOPICS, *chain(*WATCHED.values()), JOURNAL},
    "classifier": set(classifier.TOPICS),
    "store": set[str](),
}


@pytest.mark.parametrize("topic", topics.ALL, ids=lambda topic: topic.name)
def test_a_topic_is_written_by_its_owners_and_nobody_else(topic: topics.Topic) -> None:
    owners = {owner.strip() for owner in topic.owner.split(",")}
    writers = {CALLED.get(name, name) for name, access in ACCOUNTS.items() if topic.name in access.writes}
    assert writers == owners - OTHERS
    assert owners - OTHERS <= {CALLED.get(name, name) for name in ACCOUNTS}


def test_there_is_an_account_for_each_client_of_kafka_and_none_for_anybody_else() -> None:
    assert set(ACCOUNTS) == set(KAFKA_CLIENTS)
    assert OPERATORS not in ACCOUNTS


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_service_reads_what_its_code_reads_and_nothing_else(name: str) -> None:
    assert ACCOUNTS[name].reads == READ[name]


def test_each_service_is_a_member_of_its_own_group_alone_and_the_store_of_none() -> None:
    assert {name: access.joins for name, access in ACCOUNTS.items()} == {
        "upload": {upload.GROUP},
        "quota": {"quota"},
        "janitor": {janitor.GROUP},
        "classifier": {classifier.GROUP},
        "store": set(),
    }


def test_only_the_janitor_looks_at_others_groups_and_at_dead_letters_without_reading_them() -> None:
    assert {name for name, access in ACCOUNTS.items() if access.watches or access.describes} == {"janitor"}
    janitors = ACCOUNTS["janitor"]
    assert janitors.watches | janitors.joins == set(WATCHED)
    assert janitors.describes | (janitors.writes & set(LETTERS_OF)) == set(LETTERS_OF)
    assert not janitors.reads & set(LETTERS_OF)


def test_nothing_is_named_that_does_not_exist() -> None:
    named = {(rule.kind, rule.name) for access in ACCOUNTS.values() for rule in access.rules}
    assert named == {
        *((Kind.TOPIC, topic.name) for topic in topics.ALL),
        *((Kind.GROUP, group) for group in topics.GROUPS),
    }


def test_rules_say_exactly_what_the_account_may() -> None:
    assert ACCOUNTS["store"].rules == {Rule(Kind.TOPIC, "storage.events", Operation.WRITE)}
    assert ACCOUNTS["classifier"].rules == {
        Rule(Kind.TOPIC, "classification", Operation.WRITE),
        Rule(Kind.TOPIC, "documents", Operation.WRITE),
        Rule(Kind.TOPIC, "dlq.classifier", Operation.WRITE),
        Rule(Kind.TOPIC, "quota", Operation.READ),
        Rule(Kind.TOPIC, "documents", Operation.READ),
        Rule(Kind.GROUP, "classifier", Operation.READ),
    }
    assert Rule(Kind.GROUP, "quota", Operation.DESCRIBE) in ACCOUNTS["janitor"].rules
