"""The comparison as a table on the console, as tables and words in docs/classification.md, and as a plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.eval.plot import plot
from benchmarks.marked import put_between
from services.classifier.modes.model import WINDOW_TOKENS

ROOT = Path(__file__).parents[2]
JSON = ROOT / "build" / "eval.json"
PAGE, PLOT = ROOT / "docs" / "classification.md", ROOT / "docs" / "classification.svg"
METHODS = {
    "keywords": "keywords, 6 to 8 a topic",
    "more keywords": "keywords, 14 to 32 a topic, in all languages",
    "shown 0": "embedding, descriptions only",
    "both 0": "embedding, descriptions and 6 to 8 keywords",
    "tfidf 1": "TF-IDF, 1 correction a topic",
    "shown 1": "embedding, 1 correction a topic",
    "both 1": "embedding, 1 correction a topic, and keywords",
    "tfidf 5": "TF-IDF, 5 corrections a topic",
    "shown 5": "embedding, 5 corrections a topic",
    "both 5": "embedding, 5 corrections a topic, and keywords",
    "tfidf 20": "TF-IDF, 20 corrections a topic",
    "shown 20": "embedding, 20 corrections a topic",
    "both 20": "embedding, 20 corrections a topic, and keywords",
}
SLICED = {"keywords": "keywords", "shown 0": "descriptions only", "shown 5": "5 corrections a topic"}
Found = dict[str, Any]


def show(found: Found) -> None:
    """The main tables, on standard output."""
    console = Console(highlight=False, soft_wrap=True)
    for title, text in (
        ("macro F1", f1_table(found)),
        ("at the threshold", threshold_table(found)),
        ("goals", goals(found)),
    ):
        console.print(f"\n{title}\n{text}", markup=False)


def write_docs(found: Found) -> None:
    """The page's generated parts, and the plot."""
    PLOT.write_text(plot(found), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for mark, text in parts(found).items():
        page = put_between(page, mark, text)
    PAGE.write_text(page, encoding="utf-8")


def parts(found: Found) -> dict[str, str]:
    """What stands between the page's marks, by their names."""
    return {
        "f1": f1_table(found),
        "goals": goals(found),
        "threshold": threshold_table(found),
        "world": world_table(found),
        "slices": slices_table(found),
        "unseen": unseen_table(found),
        "windows": windows_table(found),
        "confusion": "\n\n".join(map(confusion_table, found["sets"])),
    }


def mean_f1(found: Found, method: str) -> float:
    """Over the sets, each as much as another."""
    return float(sum(of["methods"][method]["macro_f1"]["mean"] for of in found["sets"]) / len(found["sets"]))


def f1_table(found: Found) -> str:
    """The macro F1 of each method on each set, with the standard deviation over the seeds."""
    rows = [
        (title, *(_spread(of["methods"][name]["macro_f1"]) for of in found["sets"]), f"{mean_f1(found, name):.2f}")
        for name, title in METHODS.items()
    ]
    return _table(("macro F1", *(of["name"] for of in found["sets"]), "mean"), rows)


def threshold_table(found: Found) -> str:
    """What is filed at the default threshold, and how much of that rightly."""
    names = [name for name in METHODS if not name.startswith("tfidf")]
    rows = [(METHODS[name], *(_filed(of["methods"][name]) for of in found["sets"])) for name in names]
    return _table((f"filed / of these rightly, at {found['threshold']:g}", *(of["name"] for of in found["sets"])), rows)


def goals(found: Found) -> str:
    """The two goals, in the mean of the sets and on each one."""
    described = _goal(found, "shown 0", "keywords", 0.20)
    taught = _goal(found, "shown 5", "tfidf 5", 0.0)
    first = f"- Descriptions alone beat keywords by 20 points: {described}"
    return f"{first}\n- 5 corrections a topic beat TF-IDF with the same 5: {taught}"


def _goal(found: Found, ours: str, other: str, by: float) -> str:
    gained = mean_f1(found, ours) - mean_f1(found, other)
    single = {
        of["name"]: of["methods"][ours]["macro_f1"]["mean"] - of["methods"][other]["macro_f1"]["mean"]
        for of in found["sets"]
    }
    each = ", ".join(f"{name} {100 * gain:+.0f}" for name, gain in single.items())
    return f"**{'met' if gained > by else 'missed'}** in the mean ({100 * gained:+.0f} points; {each})."


def world_table(found: Found) -> str:
    """What other thresholds do in the mix."""
    rows = [
        (f"{each['threshold']:g}", _percent(each["precision"]), _percent(each["recall"]))
        for each in found["open_world"]["thresholds"]
    ]
    return (
        _table(("threshold", "of what is filed, rightly", "of what belongs somewhere, found"), rows)
        + f"\n\nExpected calibration error: {found['open_world']['ece']:.3f}."
    )


def slices_table(found: Found) -> str:
    """The accuracy by set and language or length."""
    rows = [
        (
            of["name"],
            part,
            str(of["slices"]["keywords"][part]["documents"]),
            *(_percent(of["slices"][name][part]["accuracy"]) for name in SLICED),
        )
        for of in found["sets"]
        for part in of["slices"]["keywords"]
    ]
    return _table(("set", "language or length", "documents", *SLICED.values()), rows)


def unseen_table(found: Found) -> str:
    """The sets with constants of the other sets."""
    rows = [
        (name, *(f"{each[k]['macro_f1']['mean']:.2f} / {_filed(each[k])}" for k in ("shown 0", "shown 5")))
        for name, each in found["unseen"].items()
    ]
    return _table(("macro F1 / filed / rightly", "descriptions only", "5 corrections a topic"), rows)


def windows_table(found: Found) -> str:
    """The macro F1 of long documents by the number of windows."""
    rows = [(str(most), *(f"{each[k]:.2f}" for k in ("1", "5"))) for most, each in found["windows"].items()]
    return _table((f"windows of {WINDOW_TOKENS} tokens", "1 correction a topic", "5 corrections a topic"), rows)


def confusion_table(of: Found) -> str:
    """By descriptions only: a row a true topic, a column a topic found."""
    rows = [(name, *map(_count, row[:-1])) for name, row in zip(of["topics"], of["confusion"], strict=True)]
    return _table((of["name"], *of["topics"]), rows)


def _count(number: int) -> str:
    return str(number) if number else "·"


def _spread(of: Found) -> str:
    return f"{of['mean']:.2f} ± {of['sd']:.2f}" if of["sd"] else f"{of['mean']:.2f}"


def _filed(of: Found) -> str:
    return f"{_percent(of['coverage']['mean'])} / {_percent(of['precision']['mean'])}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = "| --- |" + " ---: |" * (len(head) - 1)
    return "\n".join((f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)))
