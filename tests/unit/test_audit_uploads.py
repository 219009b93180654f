"""What lies in the store in parts, and when the audit finds fault with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import pytest

from deploy.ops.audit_model import Check, Counted, Document, Report, Upload
from deploy.ops.audit_uploads import judge_uploads, notes_on, read_uploads, with_uploads
from services.chassis.storage_parts import MultipartStorage, OpenUpload, Part, UploadNotFoundError

HOUR = 3600.0
USER = str(UUID(int=1))


def key(number: int) -> str:
    return f"{USER}/{UUID(int=number)}/{UUID(int=number)}.mp4"


def document(number: int = 1, status: str = "pending", age: float = -HOUR) -> Document:
    return Document(key(number), str(UUID(int=number)), status, 0, None, age)


def upload(about: Document | None, parts: int = 2) -> Upload:
    return Upload(key(1), parts, parts * 5, about)


@pytest.mark.parametrize(
    ("about", "parts", "what"),
    [
        (document(), 2, None),
        (document(age=HOUR - 1), 2, None),
        (document(age=HOUR + 60), 2, "an upload that expired 61 minutes ago: 2 parts, 10 bytes"),
        (document(age=HOUR + 60), 0, "an upload that expired 61 minutes ago: 0 parts, 0 bytes"),
        (document(status="deleted"), 2, "an upload whose document is deleted: 2 parts, 10 bytes"),
        (document(status="uploaded"), 1, "an upload whose document is uploaded: 1 parts, 5 bytes"),
        (document(status="deleted"), 0, None),
        (document(status="uploaded"), 0, None),
        (None, 0, "an upload of which no document knows: 0 parts, 0 bytes"),
    ],
)
def test_an_upload_may_be_open_while_it_can_be_completed(about: Document | None, parts: int, what: str | None) -> None:
    found = [*judge_uploads([upload(about, parts)], HOUR)]
    assert [each.what for each in found] == ([] if what is None else [what])
    assert all((each.check, each.user, each.key) == (Check.PARTS, USER, key(1)) for each in found)


def test_what_lies_in_parts_is_counted_and_told() -> None:
    report = with_uploads(Report((), (), Counted(users=1)), [upload(document()), upload(None, 3)], HOUR)
    assert report.counted == Counted(users=1, uploads=2, parts=5, part_bytes=25)
    assert [each.check for each in report.differences] == [Check.PARTS]
    assert [*notes_on([upload(document())])] == ["1 uploads under way hold 2 parts, 10 bytes that nobody pays for yet"]
    assert [*notes_on([])] == []


class Store:
    """Open uploads, of which one is completed while they are looked at."""

    def __init__(self, *uploads: OpenUpload) -> None:
        self.uploads = uploads

    async def list_uploads(self, object_key: str) -> Sequence[OpenUpload]:
        return [each for each in self.uploads if each.object_key == object_key]

    async def list_parts(self, object_key: str, upload_id: str) -> Sequence[Part]:  # noqa: ARG002 - as the protocol has it
        if upload_id == "completed":
            raise UploadNotFoundError(upload_id)
        return [Part(1, 5, "e"), Part(2, 7, "e")]


async def test_uploads_of_documents_and_all_others_that_the_store_tells_of_are_read_once() -> None:
    mine, lost, other = OpenUpload(key(1), "a"), OpenUpload(key(3), "c"), OpenUpload(key(2), "completed")
    store = cast("MultipartStorage", Store(mine, other))
    found = await read_uploads(store, [mine, lost], [document(1), document(2)])
    assert found == [Upload(key(1), 2, 12, document(1)), Upload(key(3), 2, 12, None)]
