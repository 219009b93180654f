"""What griffe is told about a model's constants: `topic = "documents"` in a class is no field of its instances."""

from __future__ import annotations

import griffe


class Constants(griffe.Extension):  # type: ignore[misc,unused-ignore]  # griffe is in docs.lock alone
    """Attributes of a class that have no annotation are the class's own."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: object) -> None:
        """Runs before griffe_pydantic takes them for fields without a type."""
        if attr.annotation is None:
            attr.labels.discard("instance-attribute")
