"""`python -m services.classifier renew`: users' keys are encrypted anew when an operator says so."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from cryptography.fernet import Fernet

from deploy.local.credentials import load_credentials
from deploy.local.server_services import command_environment
from services.classifier.filing import Llm
from services.classifier.settings_store import PgSettings
from tests.stack.classifier_service import DEFAULTS, open_classifier

PATH = "/api/auth/me/classification"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
KEY, URL = "key-of-a-user", "https://llm.example.com/v1"


async def test_an_operator_has_all_keys_encrypted_anew(database: str, stack: Any) -> None:
    user = uuid4()
    body = {"mode": "llm", "llm": {"url": URL, "model": "small", "key": KEY}}
    async with open_classifier(database, keys=[OLD]) as service:
        assert (await service.call("PUT", PATH, user, body))[0] == 200
    given = command_environment(stack.settings, load_credentials(stack.layout), "classifier")
    environment = {**given, "DATABASE_URL": database, "LLM_KEY_SECRETS": f"{NEW},{OLD}"}
    assert await renew(environment) == (0, {"renewed": 1, "unreadable": 0})
    assert await renew(environment) == (0, {"renewed": 0, "unreadable": 0})
    async with open_classifier(database, keys=[NEW], goes_on=True) as service:
        assert (await PgSettings(service.pool, service.safe, DEFAULTS).read(user)).llm == Llm(URL, "small", KEY)


async def test_a_database_that_is_away_is_one_line_and_another_exit_code(stack: Any) -> None:
    given = command_environment(stack.settings, load_credentials(stack.layout), "classifier")
    code, told = await renew({**given, "DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"})
    assert (code, str(told).count("\n")) == (2, 1)


async def renew(environment: Mapping[str, str]) -> tuple[int, object]:
    """Exit code and result of the command; its last words where there is none."""
    command = (sys.executable, "-m", "services.classifier", "renew")
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    out, err = await child.communicate()
    return child.returncode or 0, json.loads(out) if out else err.decode()
