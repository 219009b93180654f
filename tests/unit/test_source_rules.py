"""The services' source keeps rules of our own, beside ruff's S (bandit's) that `make lint` checks; docs/security.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.unit.source_rules import RULES

CHECKOUT = Path(__file__).parents[2]
JUSTIFIED = {
    ("risky_imports", "services/chassis/storage_answer.py"): "the store's own answers, 8 MiB at most, by expat",
    ("risky_imports", "services/chassis/storage_deletion.py"): "builds XML; reads by storage_answer",
    ("risky_imports", "services/chassis/storage_listing.py"): "takes what storage_answer has read",
    ("risky_imports", "services/chassis/storage_multipart.py"): "likewise, and builds XML",
    ("risky_imports", "services/chassis/tracing_sdk.py"): "the exporter's client, to the operator's collector",
    ("risky_imports", "services/classifier/sandbox/zips.py"): "in the sandbox, where hostile files are read",
    ("compared_secrets", "services/upload/oidc/answers.py"): "a nonce inside a token whose signature is good",
}
"""What breaks a rule and does no harm, with the reason."""


def broken(rule: str, source: str) -> list[int]:
    return list(RULES[rule](ast.parse(source)))


@pytest.mark.parametrize("rule", RULES)
def test_the_services_keep_the_rule_but_where_it_is_justified(rule: str) -> None:
    sources = sorted((CHECKOUT / "services").rglob("*.py"))
    found = {str(path.relative_to(CHECKOUT)) for path in sources if broken(rule, path.read_text())}
    assert found == {path for name, path in JUSTIFIED if name == rule}


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("made_up_sql", "await pool.fetch(f'SELECT {x}')"),
        ("made_up_sql", "await pool.execute('SELECT ' + x)"),
        ("made_up_sql", "await pool.execute('SELECT %s' % x)"),
        ("made_up_sql", "await pool.fetchval('SELECT {}'.format(x))"),
        ("compared_secrets", "if given == settings.jwt_secret: pass"),
        ("compared_secrets", "if signature != expected(x): pass"),
        ("compared_secrets", "if settings.key.get_secret_value() == x: pass"),
        ("logged_addresses", "log.info('a.b', url=x)"),
        ("logged_addresses", "log.warning('a.b', upload_url=x)"),
        ("logged_addresses", "log.info(f'{x} came')"),
        ("logged_addresses", "self._log.error('a', headers=h)"),
        ("unverified", "session.get(x, ssl=False)"),
        ("unverified", "jwt.decode(token, key)"),
        ("unverified", "jwt.decode(t, k, algorithms=['RS256'], options={'verify_aud': False})"),
        ("risky_imports", "import pickle"),
        ("risky_imports", "from xml.etree import ElementTree"),
        ("risky_imports", "import xml.dom.minidom as m"),
    ],
)
def test_a_rule_finds_what_breaks_it(rule: str, source: str) -> None:
    assert broken(rule, source) == [1]


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("made_up_sql", "await pool.fetch(SQL['a'], x)"),
        ("compared_secrets", "if token == ')': pass"),
        ("compared_secrets", "if token is None: pass"),
        ("logged_addresses", "log.info('a.b', size=1)"),
        ("unverified", "jwt.decode(t, k, algorithms=['RS256'])"),
        ("risky_imports", "import json"),
    ],
)
def test_a_rule_leaves_alone_what_keeps_it(rule: str, source: str) -> None:
    assert broken(rule, source) == []
