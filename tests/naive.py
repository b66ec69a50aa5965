"""Slow references: every number once more, as literally as its formula reads."""

import math
from fractions import Fraction


def drift_parts(before, after, here, there):
    """Within, entry, exit and nonresponse from lists of scores (None: no score) and of presence."""

    def mean(values):
        return sum(values) / len(values) if values else 0.0

    n = range(len(before))
    stay = [i for i in n if before[i] is not None and after[i] is not None]
    join = [i for i in n if before[i] is None and after[i] is not None and not here[i]]
    late = [i for i in n if before[i] is None and after[i] is not None and here[i]]
    leave = [i for i in n if before[i] is not None and after[i] is None and not there[i]]
    lost = [i for i in n if before[i] is not None and after[i] is None and there[i]]
    first, last = mean([before[i] for i in stay]), mean([after[i] for i in stay])
    scored_before = len(stay) + len(leave) + len(lost)
    scored_after = len(stay) + len(join) + len(late)
    return {
        "within": last - first,
        "entry": len(join) / scored_after * (mean([after[i] for i in join]) - last) if join else 0.0,
        "exit": -len(leave) / scored_before * (mean([before[i] for i in leave]) - first) if leave else 0.0,
        "nonresponse": (len(late) / scored_after * (mean([after[i] for i in late]) - last) if late else 0.0)
        - (len(lost) / scored_before * (mean([before[i] for i in lost]) - first) if lost else 0.0),
    }


def kaplan_meier_median(tenure, departed, entry, at_risk=1):
    """First tenure at which the survival curve, in fractions, is at or below one half; NaN if it never is, or if
    fewer than `at_risk` were at risk on the way. At risk at t: entry < t <= tenure."""
    alive = Fraction(1)
    for t in sorted({t for t, e, d in zip(tenure, entry, departed, strict=True) if d and e < t}):
        n = sum(e < t <= s for s, e in zip(tenure, entry, strict=True))
        deaths = sum(s == t and d and e < t for s, e, d in zip(tenure, entry, departed, strict=True))
        if n < at_risk:
            return math.nan
        alive *= 1 - Fraction(deaths, n)
        if alive <= Fraction(1, 2):
            return t
    return math.nan


def cross_share(edges, cohort):
    """Share of edges between members of different cohorts, without loops."""
    pairs = [(a, b) for a, b in edges if a != b]
    return sum(cohort[a] != cohort[b] for a, b in pairs) / len(pairs)


def retention(joined, acts, end, step):
    """For one cohort: the share active in each whole step since joining, among those observed that long."""
    ages = max(int((end - j) // step) for j in joined.values())
    row = []
    for age in range(ages):
        seen = [m for m, j in joined.items() if j + (age + 1) * step <= end]
        active = [m for m in seen if any(joined[m] + age * step <= t < joined[m] + (age + 1) * step for t in acts[m])]
        row.append(len(active) / len(seen))
    return row
