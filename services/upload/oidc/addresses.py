"""Which addresses are called, and which are led to: the provider's own, behind TLS or on this machine. Pure."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

RETURN_PATH = "/signed-in"
"""Where the provider sends people back to: a path of the page."""
MAX_URL_CHARS = 2048
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def checked_issuer(url: str) -> str:
    """The issuer. Raises ValueError unless it is an address without query and fragment, as Discovery wants it."""
    if not is_safe(url) or "?" in url:
        raise ValueError("must be an https:// URL without query or fragment; http:// is for this machine alone")
    return url


def configuration_url(issuer: str) -> str:
    """Where an issuer tells of itself (OpenID Connect Discovery, section 4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def is_safe(url: object) -> bool:
    """Whether it is an address behind TLS, or on this machine, with nothing in it that is there to deceive."""
    parts = _split(url)
    if parts is None or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def is_return(url: str) -> bool:
    """Whether it is an address of the page's that people come back to; the provider knows which host's it may be."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.username is not None:
        return False
    return parts.path == RETURN_PATH and not parts.query and not parts.fragment


def _split(url: object) -> SplitResult | None:
    if not isinstance(url, str) or len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
        known = parts.hostname and parts.port != 0  # a port that is no number is noticed here
    except ValueError:
        return None
    return parts if known and " " not in url and "\\" not in url else None
