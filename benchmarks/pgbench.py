"""A floor: pgbench, the C client that PostgreSQL ships, at its best on the same server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.model import BenchError, Reading
from benchmarks.site import Site

CLIENTS = 16
SCRIPT = Path(__file__).parent / "sql" / "pgbench_charge.sql"
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


async def charge(site: Site, rows: int) -> Reading:
    """Conditional updates a second, each a transaction, prepared, from CLIENTS connections. Raises BenchError."""
    url, seconds = urlsplit(site.floors_url), max(1, round(site.options.seconds))
    place = ("-h", str(url.hostname), "-p", str(url.port), "-U", str(url.username), url.path.strip("/"))
    how = ("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-D", f"rows={rows}")
    process = await asyncio.create_subprocess_exec(
        site.pgbench, *how, "-f", SCRIPT, *place,
        env={"PGPASSWORD": str(url.password)}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    found = _TPS.search(out.decode())
    if process.returncode or found is None:
        raise BenchError(f"pgbench: {' '.join(err.decode().split())[-300:]}")
    return Reading(float(found[1]))
