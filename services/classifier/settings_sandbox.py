"""The settings of the processes that read documents."""

from __future__ import annotations

from typing import Annotated

from pydantic import DirectoryPath, Field

from services.chassis.settings import Settings
from services.chassis.settings_types import EMPTY_IS_NONE, Seconds
from services.classifier.sandbox.limits import MIB, Limits, Surroundings


class SandboxSettings(Settings):
    """What one document may cost, and what is demanded of the machine."""

    classifier_nice: int = Field(
        19,
        ge=0,
        le=19,
        description="how far reading and the model give way to other processes (nice), 19 is the most; default 19",
    )
    sandbox_memory_bytes: int = Field(
        512 * MIB, ge=256 * MIB, description="private memory of a process that reads; bytes, default 536870912"
    )
    sandbox_cpu_seconds: int = Field(
        20, ge=1, le=86_400, description="CPU time for one document; whole seconds, default 20"
    )
    sandbox_wall_seconds: Seconds = Field(60, description="longest reading of one document; seconds, default 60")
    sandbox_most_characters: int = Field(
        200_000, ge=1000, le=10_000_000, description="characters of text taken from a document, default 200000"
    )
    sandbox_documents: int = Field(
        500, ge=1, description="documents that one process reads before another takes its place, default 500"
    )
    sandbox_must_be_isolated: bool = Field(
        True,
        description="whether to refuse to start where the kernel cannot keep readers off the network; default true",
    )
    sandbox_tessdata: Annotated[DirectoryPath | None, EMPTY_IS_NONE] = Field(
        None, description="folder of tesseract's models: with it, images and scanned pages are read; default none"
    )

    @property
    def limits(self) -> Limits:
        """The bounds of one document."""
        return Limits(
            memory_bytes=self.sandbox_memory_bytes,
            cpu_seconds=self.sandbox_cpu_seconds,
            wall_seconds=self.sandbox_wall_seconds,
            most_characters=self.sandbox_most_characters,
            documents=self.sandbox_documents,
        )

    @property
    def surroundings(self) -> Surroundings:
        """What the operator provides and demands."""
        return Surroundings(
            must_be_isolated=self.sandbox_must_be_isolated, tessdata=self.sandbox_tessdata, nice=self.classifier_nice
        )
