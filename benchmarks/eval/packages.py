"""Real documents that nobody wrote for this purpose: the docstrings of packages that the bench environment holds.

Read as source, without an import. A docstring belongs to the topic of the package it stands in; which ones are taken
goes by a hash of their name, so the set is the same on each machine with the same lock.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sysconfig
from collections.abc import Iterator
from pathlib import Path

SOURCES = {
    "Statistics": ("scipy/stats",),
    "Optimisation": ("scipy/optimize",),
    "Signal processing": ("scipy/signal",),
    "Linear algebra": ("scipy/linalg", "scipy/sparse/linalg"),
    "Image processing": ("scipy/ndimage",),
    "Interpolation": ("scipy/interpolate",),
    "Databases": ("sqlalchemy", "asyncpg"),
    "Cryptography": ("Crypto", "cryptography", "jwt"),
    "Concurrency": ("asyncio", "concurrent", "multiprocessing", "threading.py", "queue.py", "anyio", "joblib"),
    "Machine learning": ("sklearn",),
}
LEAST, MOST = 300, 8000
"""Characters of a docstring that is taken, and what is kept of it."""
A_TOPIC = 30


def docstrings(topic: str) -> list[str]:
    """The topic's docstrings, A_TOPIC of them, in the order of their hashes."""
    found = {key: text for path in _files(topic) for key, text in _of_file(path)}
    chosen = sorted(found, key=lambda key: hashlib.sha256(key.encode()).hexdigest())
    return [found[key][:MOST] for key in chosen[:A_TOPIC]]


def _files(topic: str) -> Iterator[Path]:
    for source in SOURCES[topic]:
        for root in ("purelib", "platlib", "stdlib"):
            path = Path(sysconfig.get_path(root)) / source
            if path.exists():
                yield from (
                    [path]
                    if path.is_file()
                    else sorted(p for p in path.rglob("*.py") if not {"test", "tests"} & set(p.parts))
                )
                break


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            text = inspect.cleandoc(ast.get_docstring(node) or "")
            if len(text) >= LEAST:
                yield f"{path.stem}.{node.name}", text
