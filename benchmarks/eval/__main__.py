"""`python -m benchmarks.eval [--fit]`: compares the ways to classify, writes build/eval.json and the pages of docs/."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.eval import compare, report
from benchmarks.eval.embed import embed, open_vectors
from benchmarks.eval.fit import Fitted, best_threshold, fit
from benchmarks.eval.methods import Embedded
from benchmarks.eval.sets import OF_PACKAGES, load
from benchmarks.eval.situations import situations
from benchmarks.eval.vectors import Vectors
from deploy.local.console import say
from services.classifier.modes.model import MODEL
from services.classifier.modes.scoring import CALIBRATION, LENS, THRESHOLD, Lens

THRESHOLDS = tuple(round(float(each), 2) for each in np.arange(0.3, 0.75, 0.05))
MOST_WINDOWS = 4


def main() -> int:
    """Compares; with --fit it fits the constants first, writes the lens and prints what belongs in scoring.py."""
    parser = argparse.ArgumentParser(prog="benchmarks.eval", description="Measures how good the classification is.")
    parser.add_argument("--fit", action="store_true", help="fit the constants anew, on the training part")
    parser.add_argument("--output", type=Path, default=report.JSON, help="the JSON file; default build/eval.json")
    asked, started, vectors = parser.parse_args(), time.monotonic(), open_vectors()
    say("- vectors (once; then they are kept in build/)")
    sets = embed(load(), vectors)
    if asked.fit:
        _fit(sets)
    found = _found(sets, vectors) | {"seconds": round(time.monotonic() - started)}
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report.show(found)
    report.write_docs(found)
    return 0


def _fit(sets: Sequence[Embedded]) -> None:
    fitted = fit(sets)
    lens, seen = fitted.lens, list(situations(sets, fitted.lens, held_out=False))
    np.savez(LENS, documents=lens.documents, topics=lens.topics, languages=lens.languages)
    say(f"- for services/classifier/modes/scoring.py: {fitted.calibration}, loss {fitted.loss:.4f} nats")
    say(f"- threshold: {best_threshold(seen, fitted.calibration)}")


def _found(sets: Sequence[Embedded], vectors: Vectors) -> dict[str, object]:
    return {
        "model": MODEL,
        "threshold": THRESHOLD,
        "sets": compare.compare(sets, THRESHOLD, say),
        "open_world": compare.open_world(sets, Fitted(Lens.load(), CALIBRATION, 0), THRESHOLDS),
        "unseen": compare.unseen(sets, THRESHOLD),
        "windows": _windows(vectors),
    }


def _windows(vectors: Vectors) -> dict[int, dict[str, float]]:
    """Macro F1 of the long documents by the number of windows, 1 and 5 corrections a topic."""
    long = [each for each in load() if each.name == OF_PACKAGES]
    made = {most: embed(long, vectors, most) for most in range(1, MOST_WINDOWS + 1)}
    return {most: {str(k): compare.by_windows(few, k) for k in (1, 5)} for most, few in made.items()}


if __name__ == "__main__":
    sys.exit(main())
