"""What is written is hinted at in Kafka, by the consumer and by the relay, also where a process died in between."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import AccountChanged, DocumentChanged, LimitChanged

from services.chassis.delivery import Delivery, Origin
from services.upload.handler import UploadHandler
from tests.stack.support.api import Api
from tests.stack.support.broker import open_broker
from tests.stack.support.leaks import HandedOut
from tests.stack.upload_replicas import Replica, rejected, reserved
from tests.unit.upload_facts import NOW


async def said(replica: Replica, *events: Any) -> list[Any]:
    """The hints of a batch."""
    batch = [Delivery(event, Origin("quota", 0, offset)) for offset, event in enumerate(events)]
    messages = await UploadHandler(replica.documents, replica.accounts, replica.waiters).handle(batch)
    return [decode(each.headers, each.value).event for each in messages]


async def test_a_batch_that_was_applied_and_never_said_is_said_when_it_is_replayed(replica: Replica) -> None:
    document = await replica.make()
    events = [reserved(document), rejected(document, 2)]
    hint = DocumentChanged(user_id=document.user_id, document_id=document.id)
    for _ in range(2):
        assert await said(replica, *events) == [hint]


async def test_a_limit_that_is_set_is_a_hint_about_the_account(replica: Replica) -> None:
    user = uuid4()
    changed = LimitChanged(user_id=user, limit_bytes=5, used_bytes=0, changed_at=NOW)
    assert await said(replica, changed) == [AccountChanged(user_id=user)]


async def test_an_upload_from_url_to_deletion_is_hinted_at_by_the_running_services(
    stack: Any, client: Any, info: Any
) -> None:
    user = await Api(client, info, HandedOut()).user()
    upload = await user.store(b"data")
    await user.delete(upload.document_id)
    async with open_broker(info) as broker:
        records = await broker.told(topics.CHANGES, str(user.user_id), 5)
    hints = [decode(each.headers, each.value) for each in records]
    assert len({each.partition for each in records}) == 1
    about = [each.event for each in hints]
    assert AccountChanged(user_id=user.user_id) in about
    assert about.count(DocumentChanged(user_id=user.user_id, document_id=UUID(upload.document_id))) >= 4
    sources = {each.id.partition("/")[0] for each in hints}
    assert "quota" in sources
    assert any(each.id.endswith("/change") for each in hints)
    assert stack.settings.replicas == 1
