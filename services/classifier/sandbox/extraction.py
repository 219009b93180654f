"""Text out of a document: what it is by its content (magika), what it says (kreuzberg), and in which language."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import kreuzberg
import onnxruntime
from kreuzberg.exceptions import KreuzbergError
from magika import Magika

from services.classifier.reading import NoText, Reading, Source, Text, Unreadable
from services.classifier.sandbox.decoding import decode, is_plainly_text
from services.classifier.sandbox.failures import outcome_of
from services.classifier.sandbox.kinds import PLAIN, TEXT, UNKNOWN, Found, Kind, Way, kind_of, marked, signed, text_kind
from services.classifier.sandbox.languages import short
from services.classifier.sandbox.secrecy import is_encrypted
from services.classifier.sandbox.unpack import EXAMPLE

LANGUAGE_SAMPLE = 4000
"""Characters: more of them take longer and do not change what the detector says."""

PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQAAAABbAUdZAAAAD0lEQVR42mP4DwQMg5cAANrpf4Em8vpjAAAAAElFTkSuQmCC")
"""An empty one, of 32 by 32 points."""

UNPACKED_PER_CHARACTER = 64
"""Bytes of an unpacked part of a document that may stand behind each character of text that is wanted."""

_SUFFICIENT_CONFIDENCE = 0.5
_FAILURES = (KreuzbergError, OSError, ValueError, RuntimeError)


class Extraction:
    """Reads one document after another, on one thread. `tessdata` is the folder of OCR's models, if there are any."""

    def __init__(self, most_characters: int, tessdata: str | None) -> None:
        self._most = most_characters
        self._types = _Types()
        self._can_see = tessdata is not None
        self._config = _config(most_characters, tessdata)
        self._language_config = _plain_config()
        self._language_config.language_detection = kreuzberg.LanguageDetectionConfig(
            enabled=True, min_confidence=_SUFFICIENT_CONFIDENCE
        )

    def warm_up(self) -> None:
        """Loads what is loaded at a first use, for each kind of document: afterwards no file can be opened."""
        for example in (EXAMPLE, b"PK\x03\x04", b"<html><p>A paragraph, and more of it.", b"words " * 50):
            self.read(Source(example, len(example)))
        self._parse("Größe".encode("cp1252"), "text/csv")
        if self._can_see:
            self.read(Source(PICTURE, len(PICTURE)))

    def read(self, source: Source) -> Reading:
        """The text or why there is none; a document that breaks the process itself is its parent's to tell."""
        if not source.head:
            return NoText(Unreadable.EMPTY)
        found = self._types.of(source.head)
        kind = kind_of(found, source.suffix)
        if is_encrypted(source.head):
            return NoText(Unreadable.ENCRYPTED, kind.media_type)
        if kind.way is Way.TEXT or found.is_unknown:
            return self._read_text(source, found)
        return self._read_parsed(source, kind)

    def _read_text(self, source: Source, found: Found) -> Reading:
        """What is text, or may be although the model does not know it: in an encoding that is not UTF-8."""
        text = decode(source.head, self._seen)
        if text is None:
            return NoText(Unreadable.UNSUPPORTED, UNKNOWN)
        data = text.encode("utf-8", "replace")
        if found.is_unknown:
            found = self._types.of(data)
        kind = text_kind(marked(found, text), source.suffix)
        return self._answer(source, kind, self._of_markup(data, text, kind))

    def _of_markup(self, data: bytes, text: str, kind: Kind) -> str:
        """Markup's text; where it is broken, or nothing is left without its commands, all that is written there."""
        if kind.parse_as == PLAIN:
            return text
        try:
            parsed = self._parse(data, kind.parse_as)
            return parsed if parsed.strip() or kind.is_tagged else text
        except _FAILURES:
            return text

    def _read_parsed(self, source: Source, kind: Kind) -> Reading:
        if kind.way is Way.NONE or (kind.way is Way.IMAGE and not self._can_see):
            return NoText(Unreadable.UNSUPPORTED, kind.media_type)
        if len(source.head) < source.size_bytes and kind.way is not Way.MESSAGE:
            return NoText(Unreadable.TOO_LARGE, kind.media_type)
        try:
            return self._answer(source, kind, self._parse(source.head, kind.parse_as))
        except _FAILURES as error:
            return NoText(outcome_of(str(error)), kind.media_type)

    def _answer(self, source: Source, kind: Kind, content: str) -> Reading:
        text = content[: self._most].replace("\0", "").strip()
        if not text:
            return NoText(Unreadable.NO_TEXT, kind.media_type)
        is_cut = len(content) > self._most or len(source.head) < source.size_bytes
        return Text(text, kind.media_type, self._language_of(text), is_cut)

    def _language_of(self, text: str) -> str | None:
        sample = text[:LANGUAGE_SAMPLE].encode("utf-8", "replace")
        found = kreuzberg.extract_bytes_sync(sample, PLAIN, self._language_config).detected_languages
        return short(found[0]) if found else None

    def _parse(self, data: bytes, parse_as: str) -> str:
        return kreuzberg.extract_bytes_sync(data, parse_as, self._config).content

    def _seen(self, sample: bytes) -> str:
        """The parser of tables is the one that guesses encodings."""
        return self._parse(sample, "text/csv")


class _Types(Magika):
    """Magika on one thread: a document has one process, as many of them as cores are busy."""

    def of(self, data: bytes) -> Found:
        """What it is, as far as the model and its first bytes tell."""
        found = self.identify_bytes(data).prediction.output
        sure = signed(Found(str(found.label), found.mime_type, found.is_text), data)
        return sure if sure.is_text or sure.is_readable or not is_plainly_text(data) else TEXT

    def _init_onnx_session(self) -> onnxruntime.InferenceSession:
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(Path(self._model_path), options, providers=["CPUExecutionProvider"])


def _config(most_characters: int, tessdata: str | None) -> kreuzberg.ExtractionConfig:
    """No cache, no second thread, nothing unpacked that is packed within a document."""
    config = _plain_config()
    config.ocr = kreuzberg.OcrConfig(backend="tesseract", language=_languages(tessdata)) if tessdata else None
    config.disable_ocr = tessdata is None  # type: ignore[attr-defined]  # its stubs are behind
    config.security_limits = {"max_content_size": UNPACKED_PER_CHARACTER * most_characters}
    config.max_archive_depth = 0
    return config


def _plain_config() -> kreuzberg.ExtractionConfig:
    one = kreuzberg.ConcurrencyConfig(max_threads=1)
    return kreuzberg.ExtractionConfig(use_cache=False, enable_quality_processing=False, concurrency=one)


def _languages(tessdata: str) -> str:
    """All that the operator has models of, as tesseract wants to be told."""
    names = {model.stem for model in Path(tessdata).glob("*.traineddata")} - {"osd", "equ"}
    return "+".join(sorted(names))
