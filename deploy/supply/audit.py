"""`make audit-deps`: asks every source what it knows against the packages of ours, and judges the answers.

Exit 0: all were asked, nothing is known that is not let pass. 1: something is. 2: it could not be begun. 3: a source
was not reached, so nobody knows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.errors import StackError, one_line
from deploy.local.provision_minio import provision_minio
from deploy.local.provision_node import provision_node
from deploy.supply.findings import Finding, Unreached, judge, read_waivers
from deploy.supply.govulncheck import ask_govulncheck, provision_govulncheck
from deploy.supply.npm import ask_npm
from deploy.supply.osv import URL, ask_osv
from deploy.supply.packages import NPM_FOLDERS, kafka_packages, python_packages

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
NOT_BEGUN = 2

Answer = Sequence[Finding] | Unreached
Sources = Mapping[str, Callable[[], Answer]]


def sources(osv_url: str, registry: str, go_database: str) -> Sources:
    """Whom to ask, by name; what each needs is made when it is asked. An empty address is the source's own."""
    cache = cache_folder()

    def uv() -> Path:
        return ensure_uv(cache)

    def go() -> Answer:
        with Steps() as steps:
            ours = provision_minio(cache, uv, steps)
            options = ["-db", go_database] if go_database else []
            return ask_govulncheck(provision_govulncheck(cache, uv, steps), ours, *options)

    def npm() -> Answer:
        with Steps() as steps:
            node = provision_node(cache, uv, steps)
        return ask_npm(node, NPM_FOLDERS, *(["--registry", registry] if registry else []))

    packages = [*python_packages(), *kafka_packages()]
    return {"osv": lambda: asyncio.run(ask_osv(packages, osv_url)), "npm": npm, "go": go}


def asked(chosen: Sources) -> Iterator[Answer]:
    """Each one's answer; a source whose tool cannot be had was not asked either."""
    for name, ask in chosen.items():
        try:
            yield ask()
        except StackError as error:
            yield Unreached(name, one_line(error))


def main(arguments: Sequence[str], today: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Says what is known; the exit code."""
    options = _options(arguments)
    waivers = read_waivers(Path(options.exceptions).read_text())
    every = sources(options.osv, options.registry, options.go_database)
    chosen = {name: every[name] for name in options.only or every}
    answers = list(asked(chosen))
    findings = [each for answer in answers if not isinstance(answer, Unreached) for each in answer]
    unreached = [answer for answer in answers if isinstance(answer, Unreached)]
    verdict = judge(findings, unreached, waivers, today().date())
    for line in verdict.lines or ["nothing is known against the packages of the locks"]:
        print(line)  # noqa: T201 - the answer
    return verdict.code


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.supply.audit", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=["osv", "npm", "go"], help="some sources alone; default all")
    parser.add_argument("--exceptions", default=str(EXCEPTIONS), metavar="FILE", help="what is let pass")
    parser.add_argument("--osv", default=URL, metavar="URL", help="an OSV database; default %(default)s")
    parser.add_argument("--registry", default="", metavar="URL", help="an npm registry; default npm's own")
    parser.add_argument("--go-database", default="", metavar="URL", help="a Go database; default Go's own")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (StackError, OSError) as error:
        print(f"docuvault: {one_line(error)}", file=sys.stderr)  # noqa: T201 - likewise
        sys.exit(NOT_BEGUN)
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
