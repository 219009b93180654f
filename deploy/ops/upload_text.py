"""What became of the files: a line for each, one object for programs, the exit code. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docuvault_client import DocuvaultError, File, Outcome, QuotaExceeded, Source, Unauthorized, Unavailable, Unexpected

from deploy.ops.output import printable
from deploy.ops.upload_files import Trouble

NOT_THE_FILES_FAULT = (Unauthorized, Unavailable, Unexpected)


def path_of(source: Source) -> str:
    """As it was named."""
    return str(source.path) if isinstance(source, File) else source.name


def line(outcome: Outcome) -> str:
    """One line about a file, harmless to a terminal whatever it is called."""
    document, path = outcome.document, printable(path_of(outcome.source))
    if document is None:
        return f"failed    {path}: {printable(str(outcome.error))}"
    return f"uploaded  {path}: {document.size_bytes:,} bytes, document {document.id}"


def line_of_trouble(trouble: Trouble) -> str:
    """The same, of a path that is no file."""
    return f"failed    {printable(str(trouble.path))}: {printable(trouble.reason)}"


def summary(uploaded: int, failed: int) -> str:
    """How many."""
    return f"{uploaded:,} uploaded" + (f", {failed:,} not" if failed else "")


def report(outcomes: Sequence[Outcome], troubles: Sequence[Trouble]) -> Mapping[str, object]:
    """All of them."""
    files = [_file(outcome) for outcome in outcomes]
    files += [
        {"path": str(each.path), "uploaded": False, "reason": each.reason, "error": "Trouble"} for each in troubles
    ]
    uploaded = sum(outcome.document is not None for outcome in outcomes)
    return {"files": files, "uploaded": uploaded, "failed": len(files) - uploaded}


def _file(outcome: Outcome) -> dict[str, object]:
    document, path = outcome.document, path_of(outcome.source)
    if document is not None:
        return {"path": path, "uploaded": True, "document": document.model_dump(mode="json")}
    return {"path": path, "uploaded": False, "reason": str(outcome.error)} | _kind(outcome.error)


def _kind(error: DocuvaultError | None) -> dict[str, object]:
    found: dict[str, object] = {"error": type(error).__name__}
    if isinstance(error, QuotaExceeded):
        found["quota"] = error.detail.model_dump(mode="json")
    return found


def exit_code(outcomes: Sequence[Outcome], troubles: Sequence[Trouble]) -> int:
    """1 where a file is not stored for a reason of its own, 2 where it was only that nobody could be asked."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if troubles or any(not isinstance(error, NOT_THE_FILES_FAULT) for error in errors):
        return 1
    return 2 if errors else 0
