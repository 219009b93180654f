"""`docuvault upload`: the client package, with a person or a program before it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from docuvault_client import DocuvaultClient, Journal, Outcome, Token, Unauthorized
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.bootstrap import cache_folder
from deploy.local.errors import StackError
from deploy.local.settings import load_settings
from deploy.local.stack import require_running, stack_of
from deploy.ops.output import say_json
from deploy.ops.upload_files import chosen
from deploy.ops.upload_progress import Show
from deploy.ops.upload_text import exit_code, report


class UploadSettings(BaseSettings):
    """What the environment says. Each field is the variable of its name in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    docuvault_url: str | None = Field(None, description="where docuvault is; default: the stack of this checkout")
    docuvault_token: SecretStr | None = Field(None, description="the token, where no file is named")


async def upload(options: argparse.Namespace) -> int:
    """The exit code. Raises StackError."""
    settings = UploadSettings()
    token = _token(options.token_file, settings)
    sources, troubles = chosen(options.paths, recursive=options.recursive)
    url = _address(options.url or settings.docuvault_url or _own_stack())
    outcomes: Sequence[Outcome] = ()
    with Show(silent=options.json) as show:
        for trouble in troubles:
            show.trouble(trouble)
        async with DocuvaultClient(url, token, journal=Journal(cache_folder() / "uploads")) as client:
            if sources:
                outcomes = await client.upload_many(
                    sources, parallel=options.parallel, watch=show.watch, done=show.done
                )
    if options.json:
        say_json(report(outcomes, troubles))
    return exit_code(outcomes, troubles)


def _own_stack() -> str:
    stack = stack_of(load_settings())
    require_running(stack)
    return stack.info.gateway_url


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise StackError(f"the address is a URL such as https://docuvault.example, not {url!r}")
    return url


def _token(path: Path | None, settings: UploadSettings) -> Token:
    """The token of the moment."""
    if path is None:
        if settings.docuvault_token is None:
            raise StackError("say who uploads: --token-file FILE, or the token in DOCUVAULT_TOKEN")
        return _plain(settings.docuvault_token.get_secret_value(), "DOCUVAULT_TOKEN")
    _read(path)

    async def now() -> str:
        try:
            return _read(path)
        except StackError as error:
            raise Unauthorized(str(error)) from None

    return now


def _read(path: Path) -> str:
    try:
        text = path.read_text("ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds more than a token"
        raise StackError(f"the token of {path} cannot be read: {reason}") from None
    return _plain(text, str(path))


def _plain(text: str, where: str) -> str:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise StackError(f"{where} holds no token")
    return token
