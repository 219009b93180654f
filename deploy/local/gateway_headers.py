"""What the gateway tells browsers that they may do: the policies of the page, of the documentation and of bare data."""

from __future__ import annotations

from collections.abc import Iterable

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer"),
        *(
            "microphone",
            "midi",
            "payment",
            "publickey-credentials-get",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        ),
    )
)
"""What neither the page nor the documentation needs."""

NO_FRAME = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
DATA = f"default-src 'none'; {NO_FRAME}"
"""Data is shown, if at all, as text."""
STORE = f"sandbox; {DATA}"
"""A document that a browser opens runs nothing, and is of no origin."""
DOCS = f"default-src 'none'; img-src 'self' data:; style-src 'self'; {NO_FRAME}"
"""Pages that are written when the stack starts: text and a style sheet."""
DRAWN = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; script-src 'self'; "
    f"style-src 'self' 'unsafe-inline'; worker-src blob:; {NO_FRAME}"
)
"""Redoc writes its own styles into the page, and searches in a worker that it makes of a blob."""

YEAR = 31_536_000
TEN_MINUTES = 600


def page(origins: Iterable[str]) -> str:
    """The policy of the page, which may call the gateway itself and `origins`: nothing inline, no other script."""
    called = " ".join(("'self'", *origins))
    return (
        f"default-src 'none'; connect-src {called}; font-src 'self'; "
        "img-src 'self' data: blob:; manifest-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'; "
        f"{NO_FRAME}"
    )


def strict_transport(tls: str) -> str:
    """HSTS, as a line of a header block; none without TLS, by which it would be ignored at best.

    Certificates of the stack's own authority are for trying things out, on a host where other ports may be plain.
    """
    if tls == "off":
        return ""
    return f'Strict-Transport-Security "max-age={TEN_MINUTES if tls == "internal" else YEAR}"'
