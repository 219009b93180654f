"""What a fetch holds, as records of ours: read by the driver's fast reader, and where that fails, with care.

aiokafka 0.14 decodes a batch record by record and raises at the first it dislikes. The broker is more tolerant than
that (a header's name need not be UTF-8 to it), so one record of a careless client would hold back its partition for
ever. It also believes what a record says of its own offset, which the broker does not check, and so skips records. Here
nothing is skipped and nothing raises, but for a checksum that is wrong: the batch is fetched again, since the fault may
be the line's, and is a dead letter as a whole once it is surely the disk's.

`install()` puts this in aiokafka's place for the consumers that ask for it by handing a `Suspicion` as `check_crcs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import structlog
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from services.chassis.delivery import Record
from services.chassis.record_batch import read_batch, split, unpacked, whole

log = structlog.get_logger(__name__)

WRITTEN_FOR = "0.14.0"
"""The aiokafka whose inner parts this replaces; a contract test says so when another one is installed."""
PATIENCE = 3
_DriversRecords = fetcher.PartitionRecords


class _Misnumbered(ValueError):
    """A record's own offset is not the next one."""


class Suspicion:
    """How often each batch has come with a wrong checksum. Shared by all lives of a consumer."""

    def __init__(self, patience: int = PATIENCE) -> None:
        self._patience = patience
        self._seen: Counter[tuple[TopicPartition, int]] = Counter()

    def sure(self, partition: TopicPartition, offset: int) -> bool:
        """Counts one more; whether it came so often that it is broken where it is stored."""
        self._seen[partition, offset] += 1
        return self._seen[partition, offset] >= self._patience


class KeptRecords(MemoryRecords):  # type: ignore[misc]  # aiokafka has no types
    """The driver's fetch, with the bytes it was made of at hand."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.raw = raw

    @cached_property
    def slices(self) -> list[bytes]:
        """Its batches; made once, and only where there is trouble."""
        return list(split(self.raw))


class Records(_DriversRecords):  # type: ignore[misc, valid-type]  # as above
    """Gives a fetch of one partition as `Record`s, in order, from `next_fetch_offset` on, each offset once at most."""

    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[Record]:
        fetch: KeptRecords = self._records
        number = -1
        while fetch.has_next():
            batch = fetch.next_batch()
            number += 1
            if not batch.validate_crc():
                yield from self._from(self._corrupt(number))
            elif not isinstance(batch, DefaultRecordBatch):
                yield from self._old(batch)
            elif not self._passed_over(batch):
                yield from self._read(batch, number)
                self.next_fetch_offset = max(self.next_fetch_offset, batch.next_offset)

    def _passed_over(self, batch: Any) -> bool:  # noqa: ANN401 - aiokafka has no types
        """Of an aborted transaction, or no data but the mark at a transaction's end."""
        if not (batch.is_transactional or batch.is_control_batch):
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(batch.producer_id)
        passed: bool = batch.is_control_batch or batch.producer_id in self._aborted_producers
        if passed:
            self.next_fetch_offset = max(self.next_fetch_offset, batch.next_offset)
        return passed

    def _old(self, batch: Any) -> Iterator[Record]:  # noqa: ANN401 - as above
        """Formats 0 and 1, which no broker takes any more; they have no headers that could be wrong."""
        topic, partition = self._tp
        yield from self._from(
            Record(topic, partition, each.offset, each.key, each.value, (), each.timestamp) for each in batch
        )

    def _read(self, batch: Any, number: int) -> Iterator[Record]:  # noqa: ANN401 - as above
        topic, partition = self._tp
        expected = batch.base_offset
        try:
            if batch.compression_type:
                batch = DefaultRecordBatch(unpacked(self._records.slices[number]))
            for each in batch:
                if each.offset != expected:
                    raise _Misnumbered(f"a record at offset {expected} says {each.offset}")  # noqa: TRY301
                expected += 1
                if expected > self.next_fetch_offset:
                    self.next_fetch_offset = expected
                    yield Record(
                        topic, partition, each.offset, each.key, each.value, tuple(each.headers), each.timestamp
                    )
        except Exception as error:  # noqa: BLE001 - of whatever kind: it is read again by a reader that never raises
            log.warning(
                "consumer.read_with_care",
                topic=topic,
                partition=partition,
                base_offset=batch.base_offset,
                reason=f"{type(error).__name__}: {error}",
            )
            yield from self._from(read_batch(topic, partition, self._records.slices[number]))

    def _from(self, found: Iterator[Record]) -> Iterator[Record]:
        for record in found:
            if record.offset >= self.next_fetch_offset:
                self.next_fetch_offset = record.offset + 1
                yield record

    def _corrupt(self, number: int) -> Iterator[Record]:
        raw, *after = self._records.slices[number : number + 2]
        base = int.from_bytes(raw[:8], "big", signed=True)
        suspicion: Suspicion = self._check_crcs
        if not suspicion.sure(self._tp, base):
            raise CorruptRecordException(f"Invalid CRC - {self._tp} at offset {base}")
        topic, partition = self._tp
        log.error("consumer.batch_corrupt", topic=topic, partition=partition, base_offset=base)
        end = int.from_bytes(after[0][:8], "big", signed=True) if after else None
        yield whole(topic, partition, raw, "the checksum of the batch is wrong", end)


def _records_of(*asked: Any) -> Any:  # noqa: ANN401 - as aiokafka calls it
    """Ours for a consumer of ours, the driver's own for any other in the process."""
    *_, check_crcs, _ = asked
    return (Records if isinstance(check_crcs, Suspicion) else _DriversRecords)(*asked)


def install() -> None:
    """From now on, consumers with a `Suspicion` read as told above. Twice is as good as once."""
    fetcher.PartitionRecords = _records_of
    fetcher.MemoryRecords = KeptRecords
