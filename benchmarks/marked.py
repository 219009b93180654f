"""Generated parts of pages that people write: what stands between two comments of one name."""

from __future__ import annotations

import re

from benchmarks.errors import BenchError


def put_between(page: str, name: str, text: str) -> str:
    """The page with `text` between `<!-- name: … -->` and `<!-- /name -->`. Raises BenchError where these are not."""
    marks = re.compile(rf"(<!-- {re.escape(name)}: [^\n]*-->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    if len(marks.findall(page)) != 1:
        raise BenchError(f"the page has not one place that is marked {name!r}")
    return marks.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)
