"""How far somebody is behind, over the time of a load."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import mean


@dataclass
class Lag:
    """What is still to be done, a sample a look at equal distances."""

    samples: list[int] = field(default_factory=list)

    def see(self, behind: int) -> None:
        """One sample."""
        self.samples.append(behind)

    def summary(self, a_second: float, name: str = "lag") -> dict[str, float]:
        """Means of the thirds, and by how much the last is above the middle one, in seconds of the load.

        Thirds, since the store delivers on a tick of three seconds: a single sample says where in the tick it fell.
        """
        third = max(1, len(self.samples) // 3)
        start, middle, end = (mean(self.samples[at : at + third]) for at in (0, third, len(self.samples) - third))
        growth = (end - middle) / a_second
        return {f"{name} start": start, f"{name} middle": middle, f"{name} end": end, f"{name} growth s": growth}
