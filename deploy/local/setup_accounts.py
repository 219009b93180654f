"""Kafka's accounts and what each may do: brought about as deploy/access.py has it, and nothing beside it is left.

By the client of Confluent: aiokafka's admin knows nothing of accounts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from deploy.access import ACCOUNTS, Access, Kind, Operation, Rule
from deploy.local.credentials import KAFKA_USERS, Credentials
from deploy.local.errors import StackError, one_line
from deploy.local.kafka_reach import librdkafka
from deploy.local.rotation import held, others

REQUEST_SECONDS = 20.0
ITERATIONS = 4096
"""Of the hash that Kafka keeps of a password: the least it takes. These passwords are no words that could be tried."""
_TYPES = {Kind.TOPIC: ResourceType.TOPIC, Kind.GROUP: ResourceType.GROUP}
_OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
}
_ANY: Any = None
_EVERY = AclBindingFilter(
    ResourceType.ANY, _ANY, ResourcePatternType.ANY, _ANY, _ANY, AclOperation.ANY, AclPermissionType.ANY
)


def setup_accounts(environment: Mapping[str, str], credentials: Credentials, guests: Mapping[str, Access]) -> None:
    """Every account with its password, and its rules; whatever else there is goes. Raises StackError.

    `environment`: how operators reach Kafka. `guests`: what others' accounts may do, by name. What comes is
    there before what was goes: who works is not interrupted.
    """
    known = {account: users_of(credentials, account) for account in KAFKA_USERS}
    known |= {guest: {guest: credentials.kafka_guests[guest]} for guest in guests}
    allowed = {**ACCOUNTS, **guests}
    passwords = {user: password for users in known.values() for user, password in users.items()}
    rules = {
        permission(user, rule) for account, users in known.items() for user in users for rule in allowed[account].rules
    }
    admin = administrator(environment)
    try:
        _settle(admin, passwords, rules)
    except KafkaException as error:
        raise StackError(f"Kafka's accounts cannot be made: {one_line(error)}") from error


def users_of(credentials: Credentials, account: str) -> Mapping[str, str]:
    """The passwords of an account by user: of the one that is used, and of the other one while they are changed."""
    known = (held(credentials, "kafka"), others(credentials, "kafka"))
    return dict(pairs[account] for pairs in known if account in pairs)


def _settle(admin: AdminClient, passwords: Mapping[str, str], rules: set[AclBinding]) -> None:
    found, present = _users(admin), set(result_of(admin.describe_acls(_EVERY, request_timeout=REQUEST_SECONDS)))
    if fresh := list(rules - present):
        _all(admin.create_acls(fresh, request_timeout=REQUEST_SECONDS).values())
    _alter(admin, [login(*each) for each in passwords.items()])
    _alter(admin, [UserScramCredentialDeletion(*each) for each in found if each[0] not in passwords])
    if stale := [exactly(binding) for binding in present - rules]:
        _all(admin.delete_acls(stale, request_timeout=REQUEST_SECONDS).values())


def _users(admin: AdminClient) -> list[tuple[str, ScramMechanism]]:
    asked: Any = admin.describe_user_scram_credentials(None, request_timeout=REQUEST_SECONDS)
    described = result_of(asked)
    return [(name, info.mechanism) for name, user in described.items() for info in user.scram_credential_infos]


def login(user: str, password: str) -> UserScramCredentialUpsertion:
    """That a user comes in with this password, and no other."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    return UserScramCredentialUpsertion(user, info, password.encode())


def _alter(admin: AdminClient, alterations: list[UserScramCredentialAlteration]) -> None:
    if alterations:
        _all(admin.alter_user_scram_credentials(alterations, request_timeout=REQUEST_SECONDS).values())


def permission(user: str, rule: Rule) -> AclBinding:
    """That a user may do that, from wherever he comes."""
    kind, operation = _TYPES[rule.kind], _OPERATIONS[rule.operation]
    pattern, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    return AclBinding(kind, rule.name, pattern, f"User:{user}", "*", operation, allow)


def exactly(binding: AclBinding) -> AclBindingFilter:
    """What finds this permission and nothing else."""
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def administrator(environment: Mapping[str, str]) -> AdminClient:
    """Who does as is asked of the brokers; it connects when it is asked."""
    told: dict[str, str | float | bool] = {**librdkafka(environment)}
    return AdminClient(told, logger=logging.getLogger("docuvault.kafka"))


def _all(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        result_of(future)


def result_of(future: Future[Any]) -> Any:  # noqa: ANN401 - each answer is of a kind of its own
    """What was answered. Raises KafkaException."""
    return future.result(timeout=REQUEST_SECONDS)
