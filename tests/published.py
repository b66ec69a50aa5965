"""Published and worked values, each with the tolerance that its printed digits allow and its source."""

from typing import NamedTuple


class Value(NamedTuple):
    value: float
    tolerance: float
    source: str


# Friendship ties of the three waves of s50, as the data description of the Siena project prints them.
S50_TIES = (113, 116, 122)
# Jaccard index of successive waves of s50: 57 and 66 stable ties among 172 and 172 (RSiena's data report).
S50_DISTANCES = ((57, 56, 59), (66, 50, 56))  # stable, lost, new

# Worked by hand from means and sizes: 60 stayers 4.0 to 3.8, 20 leavers at 3.0, 40 joiners at 4.6.
STAYERS_JOINERS_LEAVERS = {"within": -0.20, "entry": 0.32, "exit": 0.25, "total": 0.37}

# Worked by hand: shares (.5,.3,.2) to (.3,.3,.4), means (3,3.5,4) to (3.1,3.4,4.4).
KITAGAWA = {"composition": 0.23, "rate": 0.13, "total": 0.36}
