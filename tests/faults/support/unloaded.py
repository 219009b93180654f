"""The partitions of the groups' offsets that Kafka says it could not load."""

from __future__ import annotations

import re

from deploy.local.layout import Layout

_SAID = re.compile(r"Failed to load metadata from (__consumer_offsets-\d+) ")


def unloaded(layout: Layout, since_byte: int = 0) -> set[str]:
    """Their folders' names, by its log from that byte on."""
    said = layout.log("kafka").read_bytes()[since_byte:]
    return set(_SAID.findall(said.decode(errors="replace")))
