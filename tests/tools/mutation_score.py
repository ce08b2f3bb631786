"""Read what `mutmut export-cicd-stats` wrote and hold it against the goal: nine of ten changes are noticed.

A change that no test runs, or that nobody judged, counts as not noticed; so nothing can be left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

GOAL = 0.90
STATS = Path("mutants/mutmut-cicd-stats.json")


def score(stats: dict[str, int]) -> float:
    """Give the share of changes that a test noticed; a hanging test notices, too."""
    total = stats.get("total", 0)
    return (stats.get("killed", 0) + stats.get("timeout", 0)) / total if total else 0.0


def main(path: Path = STATS) -> int:
    """Print the counts; 1 below the goal."""
    stats: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    reached = score(stats)
    print(", ".join(f"{name} {count}" for name, count in stats.items() if count))
    print(
        f"mutation score {reached:.1%}, wanted {GOAL:.0%}; `mutmut results` lists what survived, `mutmut show NAME` one"
    )
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
