"""The journal of dead letters: what an operator did about each, so that it need not be looked at again."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from docuvault_contracts import topics


class JournalEntry(BaseModel):
    """One dead letter was replayed or discarded; the value of a record of `dlq.journal`, as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore", cache_strings="keys")

    topic: ClassVar[topics.Topic] = topics.DEAD_LETTER_JOURNAL

    group: Annotated[str, Field(description="whose dead letter it is, the part of its topic's name after dlq.")]
    partition: Annotated[int, Field(ge=0, description="its partition among the dead letters")]
    offset: Annotated[int, Field(ge=0, description="its offset there")]
    written_ms: Annotated[
        int, Field(description="its timestamp, ms since the Unix epoch: a topic made anew counts from 0 again")
    ]
    action: Literal["replayed", "discarded"]
    by: Annotated[str, Field(description="login name of who did it")]
    at: Annotated[AwareDatetime, Field(description="when")]
    why: Annotated[str, Field(description="for a person; always said of what was discarded")] = ""
    replayed_to: Annotated[str, Field(description="topic/partition/offset where it stands again")] = ""

    @property
    def key(self) -> str:
        """The Kafka key."""
        return f"{self.group}/{self.partition}/{self.offset}"
