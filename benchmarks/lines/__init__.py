"""All lines, in the order of the table. A new one is a module beside this and a name here."""

from __future__ import annotations

from benchmarks.lines import (
    applied,
    audit,
    away,
    ceiling,
    classified,
    classify_beside,
    classify_many,
    classify_one,
    confirm,
    confirm_wait,
    decisions,
    memory,
    removal,
    replicas,
    size,
    streams,
    sweep,
    traced,
    upload_url,
)
from benchmarks.model import Line

LINES: tuple[Line, ...] = (
    decisions.BESIDE_PGBENCH,
    decisions.HOT_USER,
    decisions.BESIDE_BARE_PAIR,
    decisions.PROCESSOR_TIME,
    traced.LINE,
    applied.LINE,
    upload_url.LINE,
    upload_url.BESIDE_PEER,
    confirm_wait.LINE,
    confirm.BESIDE_PEER,
    confirm.BESIDE_TWO_PEERS,
    replicas.LINE,
    size.LINE,
    removal.LINE,
    audit.LINE,
    sweep.LINE,
    classify_one.SHORT_TEXT,
    classify_one.LONG_PDF,
    classify_many.LINE,
    classify_beside.LINE,
    classified.LINE,
    away.LINE,
    ceiling.LINE,
    streams.LINE,
    memory.LINE,
)
