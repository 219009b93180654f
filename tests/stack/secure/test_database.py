"""The database of a secure stack, as its services and operators use it."""

from __future__ import annotations

import asyncpg
import pytest

from deploy.local.settings import SERVICES
from deploy.local.stack import Stack

SESSIONS = """
    SELECT usename::text AS login, ssl, version FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
    WHERE backend_type = 'client backend'"""


async def test_every_session_speaks_tls_those_of_all_services_too(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        found = await connection.fetch(SESSIONS)
    finally:
        await connection.close()
    assert {*SERVICES, "postgres"} <= {each["login"] for each in found}
    assert {(each["ssl"], each["version"]) for each in found} == {(True, "TLSv1.3")}


@pytest.mark.parametrize("role", ["postgres", *SERVICES, "audit"])
async def test_who_was_not_told_of_tls_is_refused(stack: Stack, role: str) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await asyncpg.connect(stack.info.databases[role], ssl=False)
