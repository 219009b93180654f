"""A presigned URL that is put to again: each time the ledger holds what the store holds, no more and no less."""

from __future__ import annotations

import asyncio

from deploy.local.stack import Stack
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.bucket import Bucket
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

OTHERS = 100
LIMIT = 1000


async def _uploaded(api: Api, size: int) -> tuple[Client, Upload]:
    """A user with `OTHERS` bytes in another document, and a confirmed upload of `size` bytes."""
    user = await api.user(LIMIT)
    await user.store(b"o" * OTHERS)
    return user, await user.store(b"x" * size)


async def _size_of(user: Client, upload: Upload) -> int | None:
    answer = await user.get(upload.document_id)
    return int(answer.body["size_bytes"]) if answer.status == 200 else None


async def test_larger_bytes_are_charged_by_the_difference(api: Api) -> None:
    user, upload = await _uploaded(api, 300)
    assert await user.put(upload, b"y" * 900) == 200
    answer = await user.confirm(upload.document_id)
    body = {"id": upload.document_id, "size_bytes": 900, "used_bytes": 1000, "status": "uploaded"}
    assert (answer.status, answer.body) == (200, body)
    assert (await user.used_bytes(), await _size_of(user, upload)) == (1000, 900)


async def test_smaller_bytes_give_the_difference_back(api: Api) -> None:
    user, upload = await _uploaded(api, 900)
    assert await user.put(upload, b"y" * 10) == 200
    answer = await user.confirm(upload.document_id)
    assert (answer.status, answer.body["size_bytes"], answer.body["used_bytes"]) == (200, 10, 110)
    assert (await user.used_bytes(), await _size_of(user, upload)) == (110, 10)


async def test_other_bytes_of_the_same_size_cost_nothing(api: Api) -> None:
    user, upload = await _uploaded(api, 900)
    assert await user.put(upload, b"y" * 900) == 200
    answer = await user.confirm(upload.document_id)
    assert (answer.status, answer.body["used_bytes"]) == (200, 1000)


async def test_identical_bytes_cost_nothing(api: Api, stack: Stack) -> None:
    user, upload = await _uploaded(api, 300)
    assert await user.put(upload, b"x" * 300) == 200
    answer = await user.confirm(upload.document_id)
    assert (answer.status, answer.body["size_bytes"], answer.body["used_bytes"]) == (200, 300, 400)
    await assert_clean(stack.info)
    assert await user.used_bytes() == 400


async def test_the_bytes_replaced_make_room_for_those_that_replace_them(api: Api) -> None:
    user, upload = await _uploaded(api, 900)  # the account is full
    for size in (899, 900, 3, 900):
        assert await user.put(upload, b"%03d" % size + b"z" * (size - 3)) == 200
        answer = await user.confirm(upload.document_id)
        assert (answer.status, answer.body["used_bytes"]) == (200, OTHERS + size)


async def test_bytes_beyond_the_limit_take_the_document_with_them(api: Api, bucket: Bucket) -> None:
    user, upload = await _uploaded(api, 300)
    assert await user.put(upload, b"y" * 901) == 200
    answer = await user.confirm(upload.document_id)
    numbers = {"used_bytes": OTHERS, "limit_bytes": LIMIT, "rejected_bytes": 901, "over_by_bytes": OTHERS + 901 - LIMIT}
    assert (answer.status, answer.body) == (413, {"detail": numbers})
    assert (await user.get(upload.document_id)).body == {"detail": "Document not found"}
    await eventually(user.used_bytes, becomes=OTHERS)
    await eventually(lambda: bucket.holds(upload.key), becomes=False)


async def test_it_is_the_same_without_a_confirm(api: Api, bucket: Bucket) -> None:
    sizes = (900, 10, 901)
    made = await asyncio.gather(*(_uploaded(api, 300) for _ in sizes))
    puts = (user.put(upload, b"y" * size) for (user, upload), size in zip(made, sizes, strict=True))
    assert await asyncio.gather(*puts) == [200] * 3
    (larger, one), (smaller, two), (beyond, three) = made
    await eventually(lambda: _size_of(larger, one), becomes=900)
    await eventually(lambda: _size_of(smaller, two), becomes=10)
    await eventually(lambda: _size_of(beyond, three), becomes=None)
    await eventually(lambda: bucket.holds(three.key), becomes=False)
    assert [await user.used_bytes() for user, _ in made] == [1000, 110, 100]


async def test_a_put_before_the_first_confirm_is_what_counts(api: Api) -> None:
    user = await api.user(LIMIT)
    upload = await user.put_new(b"x" * 600)
    assert await user.put(upload, b"y" * 700) == 200
    answer = await user.confirm(upload.document_id)
    assert (answer.status, answer.body["size_bytes"], answer.body["used_bytes"]) == (200, 700, 700)


async def test_after_a_rejection_even_bytes_that_fit_are_removed(api: Api, bucket: Bucket, stack: Stack) -> None:
    user = await api.user(LIMIT)
    upload = await user.put_new(b"x" * 1001)
    refused = await user.confirm(upload.document_id)
    assert refused.status == 413
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
    assert await user.put(upload, b"y" * 10) == 200
    again = await user.confirm(upload.document_id)
    assert (again.status, again.body["detail"].keys()) == (413, refused.body["detail"].keys())
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
    await assert_clean(stack.info)
    assert (await user.used_bytes(), await user.status_of(upload)) == (0, 404)


async def test_after_a_delete_the_late_bytes_are_removed(api: Api, bucket: Bucket, stack: Stack) -> None:
    user, upload = await _uploaded(api, 300)
    assert (await user.delete(upload.document_id)).status == 204
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
    assert await user.put(upload, b"y" * 300) == 200
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
    await assert_clean(stack.info)
    assert (await user.used_bytes(), await user.status_of(upload)) == (OTHERS, 404)


async def test_after_the_delete_of_a_pending_document_the_first_bytes_are_removed(api: Api, bucket: Bucket) -> None:
    user = await api.user(LIMIT)
    upload = await user.begin()
    assert (await user.delete(upload.document_id)).status == 204
    assert await user.put(upload, b"y" * 300) == 200
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
    assert await user.used_bytes() == 0


async def test_puts_and_confirms_in_a_hurry_end_with_what_the_store_holds(
    api: Api, bucket: Bucket, stack: Stack
) -> None:
    user, upload = await _uploaded(api, 300)
    for number in range(1, 11):
        confirms = asyncio.gather(*(user.confirm(upload.document_id) for _ in range(4)))
        assert await user.put(upload, b"z" * (number * 50)) == 200
        assert {answer.status for answer in await confirms} == {200}
    await assert_clean(stack.info)
    held = (await bucket.look(upload.key)).size_bytes
    assert (await user.used_bytes(), await _size_of(user, upload)) == (OTHERS + held, held)
    assert held == 500
