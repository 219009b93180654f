"""Makes kreuzberg put the library for PDFs into the temporary folder, where its workers will look for it.

`python -m services.classifier.sandbox.unpack`, in a process that is not confined and is given no document.
"""

from __future__ import annotations

from contextlib import suppress

EXAMPLE = b"%PDF-1.4\ntrailer<<>>\n%%EOF\n"


def main() -> None:
    """Has a PDF parsed that is none: the library is loaded all the same."""
    import kreuzberg  # noqa: PLC0415 - only here, a parent imports this module for its name

    with suppress(kreuzberg.KreuzbergError):
        kreuzberg.extract_bytes_sync(EXAMPLE, "application/pdf", kreuzberg.ExtractionConfig(use_cache=False))


if __name__ == "__main__":
    main()
