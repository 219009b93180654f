"""Files each text by the mode that its owner wishes."""

from __future__ import annotations

from collections.abc import Mapping

from services.classifier.filing import Filed, Filer, Mode, NotFiled, Owner
from services.classifier.reading import Text


class ByMode:
    """A Filer of several; OFF needs none, since nothing is read then."""

    def __init__(self, filers: Mapping[Mode, Filer]) -> None:
        self._filers = filers

    async def file(self, text: Text, owner: Owner) -> Filed | NotFiled:
        """As the owner's mode does. Raises what that raises."""
        return await self._filers[owner.wishes.mode].file(text, owner)
