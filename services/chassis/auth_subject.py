"""Which user a token's subject is: one rule for all services, whether an issuer's subjects are UUIDs or not."""

from __future__ import annotations

from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from services.chassis.auth_claims import Claims, InvalidTokenError

SubjectRule = Literal["uuid", "derived"]

MAX_SUBJECT_CHARS = 255
"""OpenID Connect Core, section 2: a `sub` is no longer."""


def user_of(claims: Claims, rule: SubjectRule) -> UUID:
    """The user. Raises InvalidTokenError where the rule makes none of the subject.

    By `derived` every subject is derived, UUIDs too: else whoever may choose a subject could choose somebody's id.
    """
    if rule == "derived":
        if not 0 < len(claims.sub) <= MAX_SUBJECT_CHARS or not claims.sub.isprintable():
            raise InvalidTokenError("sub is empty, too long or not printable")
        return derived(claims.iss, claims.sub)
    try:
        return UUID(claims.sub)
    except ValueError:
        raise InvalidTokenError("sub is no UUID") from None


def derived(issuer: str, subject: str) -> UUID:
    """The id of an issuer's subject: UUIDv5 of the subject, in the namespace that is UUIDv5 of the issuer's URL.

    It never changes: documents belong to it. The same subject of another issuer is another user.
    """
    return uuid5(uuid5(NAMESPACE_URL, issuer), subject)
