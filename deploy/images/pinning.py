"""What images stand on is named by its content where a registry is asked for it: a tag means another one tomorrow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deploy.images import docker, standin
from deploy.local.errors import StackError

_PINNED = re.compile(r"@(sha256:[0-9a-f]{64})$")


def digest_of(base: str) -> str:
    """The digest that a name ends with, as sha256:…; empty where it ends with none."""
    found = _PINNED.search(base)
    return found[1] if found else ""


def require_pinned(base: str) -> None:
    """Raises StackError where images may not stand on `base`; the stand-in is made here, whatever engines call it."""
    if base != standin.TAG and (why := refusal(base, docker.digests(base))):
        raise StackError(why)


def refusal(base: str, digests: Sequence[str] | None) -> str:
    """Why images may not stand on `base`, in one line; empty where they may.

    `digests`: what registries call the image that the engine has under this name, as name@sha256:…; none where it has
    no such image, so that a registry would be asked, and empty where it was made on this machine.
    """
    if digest_of(base) or digests == []:
        return ""
    name = f"BASE={digests[0]}" if digests else f"`docker pull {base}` says its digest, then BASE=<name>@sha256:…"
    return f"{base} is whatever a registry has under that name today: {name} pins it (UNPINNED=1 takes it as it is)"
