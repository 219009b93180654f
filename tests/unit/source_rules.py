"""Rules of our own for the services' source, which no linter knows: each finds the lines of a module that break it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

Rule = Callable[[ast.AST], Iterator[int]]

_QUERIES = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval", "prepare", "cursor"})
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_SECRET = re.compile(r"secret|token|password|signature|hmac|digest|api_?key|cookie|verifier|nonce")
_ADDRESS = re.compile(r"(^|_)(url|urls|uri|href|location|query|headers|token|cookie|body)$")
RISKY_IMPORTS = frozenset(
    {
        *("subprocess", "pickle", "marshal", "shelve", "dill", "telnetlib", "ftplib", "xmlrpc", "pty", "code"),
        *("xml.dom", "xml.sax", "xml.etree", "lxml", "yaml", "tarfile", "zipfile", "requests", "urllib.request"),
    }
)


def made_up_sql(tree: ast.AST) -> Iterator[int]:
    """A statement that is put together where it is sent: SQL is in files."""
    for call in _calls(tree):
        made = call.args[0] if call.args else None
        if _method(call) in _QUERIES and isinstance(made, ast.JoinedStr | ast.BinOp):
            yield call.lineno
        if _method(call) in _QUERIES and isinstance(made, ast.Call) and _method(made) == "format":
            yield call.lineno


def compared_secrets(tree: ast.AST) -> Iterator[int]:
    """A secret compared with ==, which takes the longer the more of it is right; hmac.compare_digest does not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            sides = [node.left, *node.comparators]
            constant = any(isinstance(side, ast.Constant) for side in sides)
            if not constant and any(_SECRET.search(_name(side)) for side in sides):
                yield node.lineno


def logged_addresses(tree: ast.AST) -> Iterator[int]:
    """A URL, a header or a body in a log line; or a line whose event is put together, which a client may write."""
    for call in _calls(tree):
        if _method(call) not in _LEVELS or _name_of_owner(call) not in {"log", "_log", "logger", "structlog"}:
            continue
        if not (call.args and _is_constant(call.args[0])):
            yield call.lineno
        if any(_ADDRESS.search(keyword.arg or "") for keyword in call.keywords):
            yield call.lineno


def unverified(tree: ast.AST) -> Iterator[int]:
    """A certificate or a signature that is not looked at, or a token whose algorithm nobody pins."""
    for call in _calls(tree):
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        if any(_is_false(named.get(name)) for name in ("ssl", "verify", "verify_ssl", "check_hostname")):
            yield call.lineno
        if _method(call) == "decode" and _name_of_owner(call) == "jwt" and "algorithms" not in named:
            yield call.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and str(key.value).startswith("verify_") and _is_false(value):
                    yield node.lineno


def risky_imports(tree: ast.AST) -> Iterator[int]:
    """A module that runs programs, or reads what others wrote with more power than that takes."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if any(name == risky or name.startswith(f"{risky}.") for name in names for risky in RISKY_IMPORTS):
            yield node.lineno  # type: ignore[attr-defined]  # both kinds of imports have one


RULES: Mapping[str, Rule] = {
    "made_up_sql": made_up_sql,
    "compared_secrets": compared_secrets,
    "logged_addresses": logged_addresses,
    "unverified": unverified,
    "risky_imports": risky_imports,
}


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _name_of_owner(call: ast.Call) -> str:
    return _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Name):
        return node.id.lower()
    if isinstance(node, ast.Attribute):
        return node.attr.lower()
    return _name(node.func) if isinstance(node, ast.Call) else ""


def _is_constant(node: ast.AST) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_constant(node.body) and _is_constant(node.orelse)
    return isinstance(node, ast.Constant)


def _is_false(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
