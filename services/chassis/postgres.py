"""PostgreSQL: a pool that heals by itself, named statements, and which trouble may pass.

Every acquire is bounded, every statement has a time-out on both sides, and `transaction` says `Transient` for whatever
is the server's trouble and not the caller's. Constraint violations stay what they are: they are the caller's to name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncpg
import structlog
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from services.chassis.backoff import Backoff
from services.chassis.errors import Transient
from services.chassis.postgres_commits import COMMIT, COMMITS, writes
from services.chassis.settings import DatabaseSettings, ServiceSettings
from services.chassis.tracing import tracer
from services.chassis.tracing_sql import name_statements, traced

if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
    _Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    _Connection = asyncpg.Connection
    _Pool = asyncpg.Pool
    Connection = asyncpg.Connection | PoolConnectionProxy

log = structlog.get_logger(__name__)

Statements = Mapping[str, str]
"""SQL by the name of its file, without `.sql`."""

CLOSE_SECONDS = 10.0
"""How long a stopping process waits for its connections before it cuts them."""

_TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.OperatorInterventionError,  # shutdown, crash, starting up, statement time-out
    asyncpg.PostgresSystemError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, for as long as a failover takes
    asyncpg.InvalidCachedStatementError,  # another replica migrated under a prepared statement
    asyncpg.OutdatedSchemaCacheError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password or a right that an operator has to mend: whatever
    asyncpg.InsufficientPrivilegeError,  # work meets it is not to blame, so none may be dropped for it
    asyncpg.InvalidCatalogNameError,
    asyncpg.TargetServerAttributeNotMatched,  # of several servers none is the primary, for as long as a switch takes
    OSError,
    TimeoutError,
)
# asyncpg reports a connection that died between two statements as "improper use", and tells it by its text alone.
_GONE = ("connection is closed", "connection was closed", "pool is clos", "released back to the pool")
# And one the server was just saying goodbye to, when the next statement came, as an error of its own protocol machine.
_LEAVING = ("cannot switch to", "unexpected state", "not connected")


def transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: the server, the network or a rival transaction is to blame."""
    if isinstance(error, _TRANSIENT):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return any(text in str(error) for text in _GONE)
    if isinstance(error, asyncpg.InternalClientError):
        return any(text in str(error) for text in _LEAVING)
    return False


@contextmanager
def translated() -> Iterator[None]:
    """Raises Transient for trouble that may pass; everything else goes through as it is."""
    try:
        yield
    except Exception as error:
        if not transient(error):
            raise
        raise Transient(f"database: {type(error).__name__}: {error}") from error


class PooledConnection(_Connection):
    """asyncpg's connection, handed back without a round trip: nothing of ours outlives a transaction.

    Settings and advisory locks are taken for the transaction (`set_config(…, true)`, `pg_advisory_xact_lock`), LISTEN
    has connections of its own. An open transaction is rolled back all the same.

    A commit that is waited for no longer is left alone: cancelled while it waits for a synchronous standby, it is done
    at once, and seen by everybody, on the primary alone, whose loss takes it back. The connection is given up instead.
    """

    __slots__ = ("_commits",)

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's
        """As asyncpg's; notes whether it is a commit, and how long that takes."""
        self._commits = query == COMMIT
        with COMMITS.one() if self._commits or (not args and self._ends_itself(query)) else nullcontext():
            return await super().execute(query, *args, timeout=timeout)

    async def _execute(self, query: str, *args: object, **options: object) -> object:  # what has arguments or rows
        with COMMITS.one() if self._ends_itself(query) else nullcontext():
            return await super()._execute(query, *args, **options)  # type: ignore[misc]  # not in its stubs

    def _ends_itself(self, query: str) -> bool:
        return writes(query) and not self.is_in_transaction()

    def _cancel_current_command(
        self, waiter: asyncio.Future[None], cancel_waiter: asyncio.Future[None] | None = None
    ) -> None:
        if self.is_in_transaction() and not getattr(self, "_commits", False):
            super()._cancel_current_command(waiter, cancel_waiter)  # type: ignore[misc]  # not in its stubs
        else:
            asyncio.get_running_loop().call_soon(self.terminate)  # not under the driver, which is at work on it

    def get_reset_query(self) -> str:
        """Nothing to undo; asyncpg would ask the server to, after each use."""
        return ""


class Pool(_Pool):
    """asyncpg's pool, whose acquire is always bounded: with the server hung, a caller gets TimeoutError."""

    __slots__ = ("_acquire_seconds",)

    _acquire_seconds: float

    def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext[asyncpg.Record]:
        """As asyncpg's; `timeout` in seconds defaults to `database_connect_timeout_seconds`."""
        return super().acquire(timeout=timeout or self._acquire_seconds)

    async def release(self, connection: Connection, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - likewise
        """As asyncpg's; a connection that is given up in this very moment is released by that."""
        inner = connection._con  # type: ignore[union-attr]  # noqa: SLF001 - the driver's own, in its proxy
        try:
            await super().release(connection, timeout=timeout)  # type: ignore[arg-type]
        except asyncpg.InternalClientError:
            if inner is None or not inner.is_closed():
                raise


@asynccontextmanager
async def transaction(pool: asyncpg.Pool[asyncpg.Record]) -> AsyncIterator[Connection]:
    """A connection inside a transaction, committed at the end. Raises Transient as `translated` does."""
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            yield connection


@asynccontextmanager
async def open_pool(settings: DatabaseSettings) -> AsyncIterator[Pool]:
    """A connected pool. Raises Transient where no server answers within `database_startup_wait_seconds`.

    Connections that die are replaced as they are asked for, so that a restarted server needs no restart of ours.
    """
    pool = await _connect(settings)
    try:
        yield pool
    finally:
        await _close(pool)


async def _connect(settings: DatabaseSettings) -> Pool:
    backoff = Backoff()
    deadline = asyncio.get_running_loop().time() + settings.database_startup_wait_seconds
    while True:
        pool = _new_pool(settings)
        try:
            with translated():
                await pool
        except Transient as error:
            delay = backoff.next()
            if asyncio.get_running_loop().time() + delay >= deadline:
                raise
            log.warning("postgres.waiting", reason=str(error), retry_in_s=round(delay, 3))
            await asyncio.sleep(delay)
        else:
            return pool


def _new_pool(settings: DatabaseSettings) -> Pool:
    statement = settings.database_statement_timeout_seconds
    pool = Pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=settings.database_pool_size,
        max_queries=1_000_000,
        max_inactive_connection_lifetime=300.0,
        loop=None,
        connection_class=traced(PooledConnection) if tracer() else PooledConnection,
        record_class=asyncpg.Record,
        timeout=settings.database_connect_timeout_seconds,
        command_timeout=statement + 1,  # the server speaks first; ours is for a server that hangs
        server_settings=_server_settings(settings),
    )
    pool._acquire_seconds = settings.database_connect_timeout_seconds  # noqa: SLF001 - our own subclass's slot
    return pool


def _server_settings(settings: DatabaseSettings) -> dict[str, str]:
    return {
        "application_name": _application_name(settings),
        "statement_timeout": f"{settings.database_statement_timeout_seconds * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{settings.database_idle_transaction_timeout_seconds * 1000:.0f}",
    }


def _application_name(settings: object) -> str:
    if isinstance(settings, ServiceSettings):
        return f"{settings.service_name}-{settings.replica}"
    return "docuvault"


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("postgres.close_cut_short", reason=f"{type(error).__name__}: {error}")
        pool.terminate()


async def ping(pool: asyncpg.Pool[asyncpg.Record]) -> None:
    """One round trip, for a readiness check. Raises Transient."""
    with translated():
        await pool.fetchval("SELECT 1")


@cache
def load_sql(package: str) -> Statements:
    """The statements of `sql/*.sql` in `package` ("services.quota"), each under its file's name; read once."""
    folder = files(package) / "sql"
    found = {
        entry.name.removesuffix(".sql"): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    }
    if not found:
        raise LookupError(f"{package} has no sql/*.sql")
    name_statements(package, found)
    return found
