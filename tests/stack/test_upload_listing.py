"""The document list in a real PostgreSQL: in which order, what a search finds, and from which index it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize
from uuid import UUID, uuid4

import asyncpg
import pytest
from docuvault_contracts.events import Classified, FiledTopic
from docuvault_contracts.http import MAX_SEARCH_WORDS

from deploy.local.stack import Stack
from services.chassis.migrations import migrate
from services.chassis.postgres import open_pool
from services.upload.document import Document
from services.upload.listing import Wanted, read_page
from services.upload.listing_sql import statement_of
from services.upload.messages import document_deleted, upload_requested
from services.upload.paging import Cursor, Listing
from services.upload.sorts import Sort
from tests.stack.chassis_servers import schema
from tests.stack.support.waiting import eventually
from tests.stack.upload_replicas import TRACE, Replica, about, new_document, rejected, reserved

BILLS = FiledTopic(topic_id=UUID(int=7), name="Bills", score=0.9, reason="says so")
HOSTILE = ("%", "_", "\\", "a_c", "50%", "\\%", "'; DROP TABLE documents; --", "$1", "{key}", ".*", "[a]", "\\d", '"')


async def read(replica: Replica, user: UUID, listing: Listing, limit: int = 3) -> list[Document]:
    """The whole list, page by page, whose last page alone may be shorter than `limit`."""
    found: list[Document] = []
    after: Cursor | None = None
    while True:
        page = await read_page(replica.documents, Wanted(user, limit, listing, after))
        found += page.documents
        if page.rest is None:
            return found
        assert len(page.documents) == limit
        after = page.rest


async def names(replica: Replica, user: UUID, *words: str, sort: Sort = Sort.NAME) -> list[str]:
    """The names that a search finds, in order."""
    return [document.filename for document in await read(replica, user, Listing(sort, words=words))]


async def named(replica: Replica, user: UUID, *filenames: str) -> None:
    """A document for each, in one statement."""
    made = [new_document(user, name) for name in filenames]
    await replica.documents.create_all([(document, upload_requested(document, TRACE)) for document in made])


@pytest.mark.parametrize("sort", Sort)
async def test_each_order_holds_each_document_once_with_ties_among_them(replica: Replica, sort: Sort) -> None:
    user, moment = uuid4(), new_document(uuid4()).created_at
    made = [
        await replica.make(user, created_at=moment + timedelta(seconds=n % 3), filename=f"{'bAc'[n % 3]}.txt")
        for n in range(11)
    ]
    for n, document in enumerate(made[:7]):
        await replica.hear(reserved(document, size=5 + n % 2))
    stored = [await replica.row(document) for document in made]
    by_id = sorted(stored, key=lambda document: document.id, reverse=sort in {Sort.NEWEST, Sort.LARGEST})
    expected = {
        Sort.NEWEST: sorted(by_id, key=lambda each: each.created_at, reverse=True),
        Sort.OLDEST: sorted(by_id, key=lambda each: each.created_at),
        Sort.NAME: sorted(by_id, key=lambda each: each.filename.lower()),
        Sort.LARGEST: sorted(by_id, key=lambda each: each.size_bytes, reverse=True),
    }[sort]
    for limit in (1, 4, 11):
        assert await read(replica, user, Listing(sort), limit) == expected


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("words", [(), ("b",)], ids=["all", "searched"])
async def test_newcomers_and_deletions_move_no_other_document_from_its_page(
    replica: Replica, sort: Sort, words: tuple[str, ...]
) -> None:
    user = uuid4()
    for n in range(6):
        await replica.make(user, filename=f"b{n}")
    listing = Listing(sort, words=words)
    before = await read(replica, user, listing)
    first = await read_page(replica.documents, Wanted(user, 3, listing))
    for name in ("ab", "b", "bb", "b25", "b9", "zb"):
        await replica.make(user, filename=name)
    last = first.documents[-1]
    await replica.documents.delete(last, document_deleted(last, last.created_at, TRACE))
    seen = list(first.documents)
    while first.rest is not None:
        first = await read_page(replica.documents, Wanted(user, 2, listing, first.rest))
        seen += first.documents
    assert [each for each in seen if each in before] == before
    assert len({each.id for each in seen}) == len(seen)


async def test_names_are_sorted_without_upper_case_and_accents(replica: Replica) -> None:
    user = uuid4()
    sorted_names = ["a.txt", "Ärzte.txt", "B.txt", "Éclair.txt", "f.txt", "Zebra.txt", "я.txt", "文.txt"]
    await named(replica, user, *sorted_names[::-1])
    assert await names(replica, user) == sorted_names


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("INVOICE", "my-invoice-7.pdf"),
        ("invoice", "MY-INVOICE-7.PDF"),
        ("ärzte", "ÄRZTE.pdf"),
        ("arzte", "Ärzte.pdf"),
        ("ärzte", normalize("NFD", "Ärzte.pdf")),
        (normalize("NFD", "ärzte"), "Ärzte.pdf"),
        ("strasse", "Hauptstraße.pdf"),
        ("STRASSE", "hauptstraße.pdf"),
        ("ΟΔΟΣ", "οδος.pdf"),
        ("договор", "ДОГОВОР.pdf"),
        ("文件", "新文件.pdf"),
        ("fi", "oﬃce ﬁle.pdf"),
        ("\uff41", "a.pdf"),
        ("\U0001f4c4", "\U0001f4c4.pdf"),
    ],
)
async def test_a_word_is_found_however_it_is_written(replica: Replica, word: str, name: str) -> None:
    user = uuid4()
    await named(replica, user, name, "none of it")
    assert await names(replica, user, word) == [name]


@pytest.mark.parametrize("sort", Sort)
async def test_every_word_has_to_be_in_the_name_and_somewhere_is_enough(replica: Replica, sort: Sort) -> None:
    user = uuid4()
    await named(replica, user, "report 2024.pdf", "2024 Report.docx", "report.pdf", "2024.pdf")
    await named(replica, uuid4(), "another's report 2024.pdf")
    assert set(await names(replica, user, "2024", "port", sort=sort)) == {"report 2024.pdf", "2024 Report.docx"}
    assert await names(replica, user, "2024", "port", "xlsx", sort=sort) == []
    assert len(await names(replica, user, *"report"[:MAX_SEARCH_WORDS], sort=sort)) == 3


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.NAME])
async def test_whatever_a_word_has_in_it_means_itself(replica: Replica, sort: Sort, word: str) -> None:
    user = uuid4()
    await named(replica, user, f"x{word}y", "abc", "500", "plain.txt", "x1y")
    assert await names(replica, user, word, sort=sort) == [f"x{word}y"]


async def test_the_end_of_a_name_that_no_index_holds_is_searched_as_well(replica: Replica) -> None:
    user = uuid4()
    long = ["\U0001f4c4" * 1019 + f"{n}.pdf" for n in range(3)]
    await named(replica, user, *long, "ß" * 300 + "1.pdf", "1.pdf")
    assert await names(replica, user, "1.pdf", sort=Sort.NEWEST) == ["1.pdf", "ß" * 300 + "1.pdf", long[1]]
    assert len(await names(replica, user)) == 5


@pytest.mark.parametrize("sort", Sort)
async def test_a_search_goes_with_status_and_topic_in_every_order(replica: Replica, sort: Sort) -> None:
    user = uuid4()
    kept, filed, pending = [await replica.make(user, filename=f"bill {n}") for n in range(3)]
    verdict = Classified(**about(filed), version=1, topics=(BILLS,), classified_at=filed.created_at)
    await replica.hear(reserved(kept), reserved(filed), verdict)
    for words in ((), ("bill",)):
        for listing, found in (
            (Listing(sort, words=words), {kept, filed, pending}),
            (Listing(sort, "uploaded", words=words), {kept}),
            (Listing(sort, "pending", words=words), {pending}),
            (Listing(sort, topic="Bills", words=words), {filed}),
            (Listing(sort, "classified", str(BILLS.topic_id), words), {filed}),
            (Listing(sort, "uploaded", "Bills", words), set()),
            (Listing(sort, topic="Bill", words=words), set()),
        ):
            assert {each.id for each in await read(replica, user, listing)} == {each.id for each in found}
    assert await read(replica, user, Listing(sort, topic="Bills", words=("bill", "0"))) == []


async def test_tombstones_are_not_found(replica: Replica) -> None:
    user = uuid4()
    refused, gone = [await replica.make(user, filename="bill") for _ in range(2)]
    await replica.hear(rejected(refused))
    await replica.documents.delete(gone, document_deleted(gone, gone.created_at, TRACE))
    for sort in Sort:
        assert await read(replica, user, Listing(sort, words=("bill",))) == []
        assert await read(replica, user, Listing(sort)) == []


async def test_what_is_stored_by_a_replica_of_before_is_sorted_and_found(replica: Replica) -> None:
    document = await replica.make(filename="Bill.pdf")
    key = await replica.pool.fetchval("SELECT name_key FROM documents WHERE id = $1", document.id)
    assert key == "bill.pdf"  # no statement of ours names the column


SCANS = {
    Sort.NEWEST: "Index Scan using documents_newest_first",
    Sort.OLDEST: "Index Scan Backward using documents_newest_first",
    Sort.NAME: "Index Scan using documents_by_name",
}


@pytest.fixture
async def crowded(replica: Replica) -> Replica:
    """20,000 documents of five users."""
    await replica.pool.execute(
        "INSERT INTO documents (id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at)"
        " SELECT gen_random_uuid(), md5((n % 5)::text)::uuid, n::text, 'a' || n, 'a/b', now() - n * interval '1 s',"
        " now(), 'infinity'"
        " FROM generate_series(1, 20000) AS n"
    )
    await replica.pool.execute("VACUUM ANALYZE documents")
    return replica


async def plan_of(replica: Replica, listing: Listing) -> str:
    """How the first page of somebody's list is read, whatever the parameters."""
    statement, more = statement_of(listing)
    user = await replica.pool.fetchval("SELECT user_id FROM documents LIMIT 1")
    after = listing.start
    parameters: Sequence[object] = (user, listing.status, after.place, after.document_id, 51, *more)
    async with replica.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN (COSTS OFF) {statement}", *parameters))


@pytest.mark.parametrize("sort", SCANS)
async def test_a_page_is_read_from_the_index_however_deep_it_is(crowded: Replica, sort: Sort) -> None:
    plan = await plan_of(crowded, Listing(sort))
    assert SCANS[sort] in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("sort", SCANS)
async def test_a_search_reads_names_from_their_index_alone(crowded: Replica, sort: Sort) -> None:
    plan = await plan_of(crowded, Listing(sort, words=("a1", "7")))
    assert "Index Only Scan using documents_by_name" in plan
    assert "Index Scan using documents_pkey" in plan
    assert "Seq Scan" not in plan
    assert "Bitmap" not in plan


Until = Callable[[str], Awaitable[None]]


@pytest.fixture
async def of_before(stack: Stack) -> AsyncIterator[Replica]:
    """On a schema of its own without tables."""
    async with schema(stack) as settings, open_pool(settings) as pool:
        yield Replica(pool, settings.database_url.get_secret_value())


@pytest.fixture
def until(of_before: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Until:
    """Brings its schema up to date as far as before the migration of that number."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def copied(number: str) -> str:
        package = tmp_path / f"before_{uuid4().hex}"
        (package / "migrations").mkdir(parents=True)
        (package / "__init__.py").touch()
        for entry in (files("services.upload") / "migrations").iterdir():
            if entry.name < number:
                (package / "migrations" / entry.name).write_text(entry.read_text("utf-8"))
        return package.name

    async def migrated(number: str) -> None:
        await migrate(of_before.pool, copied(number))

    return migrated


async def test_documents_of_before_are_sorted_and_found_once_the_schema_is_up_to_date(
    of_before: Replica, until: Until
) -> None:
    user = uuid4()
    await until("0007")
    await named(of_before, user, "b Ärzte.pdf", "a.pdf")
    await migrate(of_before.pool, "services.upload")
    await named(of_before, user, "Ärzte.pdf")  # by a replica of before, on a connection of before
    assert await names(of_before, user) == ["a.pdf", "Ärzte.pdf", "b Ärzte.pdf"]
    assert await names(of_before, user, "arzte") == ["Ärzte.pdf", "b Ärzte.pdf"]


async def test_whoever_writes_old_documents_meanwhile_ends_no_migration(of_before: Replica, until: Until) -> None:
    user = uuid4()
    await until("0007")
    first, last = [await of_before.make(user, filename=f"{n}.pdf") for n in range(2)]
    await until("0008")
    touch = "UPDATE documents SET updated_at = now() WHERE id = $1"
    async with of_before.pool.acquire() as rival:
        writing = rival.transaction()
        await writing.start()
        await rival.execute("SET LOCAL statement_timeout = 2500")  # beyond what a deadlock is found in
        await rival.execute(touch, last.id)
        migrating = asyncio.create_task(migrate(of_before.pool, "services.upload"))
        free = "SELECT FROM documents WHERE id = $1 FOR UPDATE SKIP LOCKED"
        await eventually(partial(of_before.pool.fetch, free, first.id), becomes=[])
        with pytest.raises(asyncpg.QueryCanceledError):  # the migration keeps what it has written to its end
            await rival.execute(touch, first.id)
        await writing.rollback()
    await asyncio.wait_for(migrating, 30)
    assert await names(of_before, user) == ["0.pdf", "1.pdf"]
