"""Licences as SPDX writes them: what packages say of theirs in their own words, and which may be in an image."""

from __future__ import annotations

import re
from collections.abc import Iterator

ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0"),
        *("Unlicense", "Zlib", "LicenseRef-Public-Domain"),
        "MPL-2.0",  # its files stay open, whoever changes them; we change none, and what uses them may be closed
    }
)
"""What may be in the images of the services and in the page: licences that ask nothing of those who build on them."""

_WORDS = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd-derived (http://www.repoze.org/license.txt)": "BSD-3-Clause AND LicenseRef-Repoze",
    "bsd, public domain": "BSD-2-Clause AND LicenseRef-Public-Domain",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only WITH Classpath-exception-2.0",
}


_WHOLE = re.compile(r"^\(([^()]*)\)$")


class UnknownLicence(Exception):
    """A package's words for its licence that nobody has looked at yet."""


def spdx(words: str) -> str:
    """The SPDX expression for a package's own words. Raises UnknownLicence for words that are neither."""
    text = " ".join(words.split())
    found = _WORDS.get(text.lower(), _WHOLE.sub(r"\1", text))
    if not re.fullmatch(r"[A-Za-z0-9.+()-]+( (AND|OR|WITH) [A-Za-z0-9.+()-]+)*", found):
        raise UnknownLicence(words)
    return found


def allowed(expression: str) -> bool:
    """Whether one may take it under licences of ALLOWED alone: all of what AND joins, one of what OR does."""
    tokens = iter(re.findall(r"[()]|[^\s()]+", expression))
    return _any_of(tokens)


def _any_of(tokens: Iterator[str]) -> bool:
    """An expression up to its closing parenthesis or its end; AND binds more closely than OR."""
    found, product = False, True
    for word in tokens:
        if word == ")":
            break
        if word == "OR":
            found, product = found or product, True
        elif word == "(":
            product = _any_of(tokens) and product
        elif word == "WITH":
            next(tokens)  # an exception only ever gives more; the licence itself has been judged
        elif word != "AND":
            product = product and word in ALLOWED
    return found or product
