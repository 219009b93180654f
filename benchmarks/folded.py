"""Folded stacks, as py-spy writes them, into the functions that most samples were in."""

from __future__ import annotations

from collections import Counter

MOST = 40


def summary(folded: str) -> str:
    """Two lists: functions by the share of samples they were on top of, and by the share they were anywhere in."""
    own, within, total = Counter[str](), Counter[str](), 0
    for line in folded.splitlines():
        stack, _, samples = line.rpartition(" ")
        if not samples.isdigit():
            continue
        frames = stack.split(";")
        total += int(samples)
        own[frames[-1]] += int(samples)
        for frame in set(frames):
            within[frame] += int(samples)
    return "\n".join((*_list("itself", own, total), "", *_list("with what it calls", within, total), ""))


def _list(title: str, found: Counter[str], total: int) -> list[str]:
    return [title, *(f"{count * 100 / total:6.1f} %  {name}" for name, count in found.most_common(MOST))]
