"""Files each text by the mode that its owner wishes."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.errors import Transient
from services.classifier.filing import Filed, Filer, Mode, NotFiled, Owner
from services.classifier.metrics import FILED
from services.classifier.reading import Text


class ByMode:
    """A Filer of several; OFF needs none, since nothing is read then."""

    def __init__(self, filers: Mapping[Mode, Filer]) -> None:
        self._filers = filers

    async def file(self, text: Text, owner: Owner) -> Filed | NotFiled:
        """As the owner's mode does. Raises what that raises."""
        mode, outcome = owner.wishes.mode, "bug"
        try:
            found = await self._filers[mode].file(text, owner)
            outcome = "refused" if isinstance(found, NotFiled) else "filed" if found.topics else "none"
        except Transient:
            outcome = "transient"
            raise
        finally:
            FILED.labels(mode, outcome).inc()
        return found
