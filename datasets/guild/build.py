"""Makes this folder: one seeded draw of a synthetic community whose truth is known.

    python datasets/guild/build.py [folder]

Members' identity grows with tenure while newer cohorts enter lower; members grow similar in efficacy to those whom
they ask for advice, and choose advisers who are similar. The card says how much of each.
"""

import sys
from pathlib import Path

from coplearn.community import Community
from coplearn.synthetic import community


def draw() -> Community:
    """The guild."""
    return community(
        "guild",
        seed=14,
        intake=26,
        drift=0.3,
        replacement=-0.2,
        influence=0.3,
        selection=1.5,
        questions=5.7,
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    guild = draw()
    guild.save(folder)
    print(guild)
