r"""Leaders of one district, followed over years: the design of longitudinal leadership studies, with the truth known.

A team of n leaders, in central office and at sites, names colleagues at yearly waves in several relations (who
influences me, who gives me energy), and answers scales of efficacy and innovative climate. A share ``turnover`` leaves
between waves and is replaced. Everything is in latent units: efficacy and climate have unit variance where nobody is
influenced.

**Ties** :math:`x^r_{ijt}` of relation r are drawn wave by wave, the two ties of a pair together, as in the p2 model
(van Duijn, Snijders & Zijlstra 2004),

.. math:: P(x_{ij}, x_{ji}) \propto \exp(x_{ij} \eta_{ij} + x_{ji} \eta_{ji} + \text{reciprocity} \cdot x_{ij} x_{ji})

.. math:: \eta_{ij} = \text{outdegree} + \text{inertia}\; x_{ij,t-1} + \text{closure}\; 1(\textstyle\sum_h x_{ih,t-1}
   x_{hj,t-1} > 0) + \text{same level, gender, unit} + \text{entrainment}\; x^1_{ijt}
   + \text{popularity}\; e_{jt} + \text{homophily}\; (2 / \sqrt{\pi} - |e_{it} - e_{jt}|) + a_i + b_j

with :math:`e_{it}` efficacy at the same wave; entrainment ties a relation to the first one; :math:`a_i` and
:math:`b_j`, normal with the standard deviations ``sender_sd`` and ``receiver_sd``, are nobody's to see. Popularity and
homophily are *selection*: ties that depend on efficacy. The outdegree is shifted by :math:`-\log((n - 1) / 89)`, so
that leaders name about as many colleagues in teams of any size.

**Efficacy** moves before the ties of a wave are drawn, by the ties of the wave before,

.. math:: e_{i,t+1} = u_i + \phi\,(e_{it} - u_i) + \sum_r \rho_r \bar e_{A^r_i(t), t} + \sqrt{(1 - \phi^2)
   (1 - \text{trait})}\; z_{it}, \quad u_i \sim N(0, \text{trait})

with :math:`\bar e_{A}` the mean over those whom i names (0 where there is nobody), :math:`\phi` = ``stability`` and
:math:`\rho_r` = ``influence``. With ``trait`` = 0 this is the temporal autocorrelation model; with a trait, members
differ for good, and who chooses by efficacy chooses by what will not change: the latent homophily that is confounded
with influence in general (Shalizi & Thomas 2011).

**Climate** is :math:`\sqrt{\text{icc}}\, g + \sqrt{1 - \text{icc}}\, p`, with g of the unit and p of the member, each
autoregressive with :math:`\phi`. **Items** show a latent value with the loadings given, cut into 1 to 7, the third one
reverse-coded (:mod:`coplearn.synthetic`).

References
----------
van Duijn, Snijders & Zijlstra (2004), Statistica Neerlandica 58(2), 234-254, doi:10.1046/j.0039-0402.2003.00258.x.
Shalizi & Thomas (2011), Sociological Methods & Research 40(2), 211-239, doi:10.1177/0049124111404820.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose, seed_sequence, whole
from coplearn.community import Community
from coplearn.synthetic.plan import check_loadings, check_within, merged, plain
from coplearn.synthetic.survey import item_truth, survey

__all__ = ["LEADER_TIES", "leadership_panel"]

LEADER_TIES: Mapping[str, float] = {
    "outdegree": -4.4,
    "reciprocity": 1.2,
    "inertia": 2.2,
    "closure": 0.8,
    "same level": 0.4,
    "same gender": 0.2,
    "same unit": 1.2,
    "entrainment": 1.2,
}
SETTLING = 10  # waves before the first one, after which the start is forgotten
APART = 2 / np.sqrt(np.pi)  # mean difference in efficacy of two strangers


@dataclass(frozen=True)
class Leaders:
    """All parameters of :func:`leadership_panel`, checked; see there for what they mean."""

    seed: int
    n: int
    waves: int
    relations: tuple[str, ...]
    units: int
    central: float
    response: float
    attrition: float
    item_missing: float
    turnover: float
    exit_selection: float
    stability: float
    trait: float
    influence: Mapping[str, float]
    popularity: Mapping[str, float]
    homophily: Mapping[str, float]
    icc: float
    sender_sd: float
    receiver_sd: float
    ties: Mapping[str, float]
    scales: Mapping[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        whole(self.n, "n", 10)
        whole(self.waves, "waves", 2)
        whole(self.units, "units", 2)
        if not self.relations or len(set(self.relations)) < len(self.relations):
            raise ValueError(f"relations={self.relations}: name one relation or more, each once.")
        check_within(self, ["central", "response", "attrition", "item_missing", "turnover", "trait", "icc"], 0, 1)
        check_within(self, ["stability"], 0, 0.99)
        check_within(self, ["sender_sd", "receiver_sd"], 0, np.inf)
        pull = self.stability + sum(abs(v) for v in self.influence.values())
        if pull >= 1:
            raise ValueError(
                f"stability and the sizes of influence add up to {pull:.2f}; below 1 efficacy does not run away."
            )
        check_loadings(self.scales)

    @cached_property
    def opens(self) -> np.ndarray:
        """When each wave opens, in seconds since the first."""
        days = (pd.DatetimeIndex([f"{2015 + w}-10-01" for w in range(self.waves)]) - pd.Timestamp("2015-10-01")).days
        return np.asarray(days, dtype=np.int64) * 86_400

    def stamp(self, seconds: Any) -> pd.DatetimeIndex:
        """Instants of whole seconds since the first wave."""
        return pd.Timestamp("2015-10-01", tz="UTC") + pd.to_timedelta(seconds, unit="s").as_unit("us")


@dataclass(frozen=True, eq=False)
class Course:
    """Who held each of the n posts at each wave, and what they were; posts are positions in every array.

    Attributes
    ----------
    who : ndarray of int, shape (n_waves, n)
        Position of the member in the order of joining.
    level, unit : ndarray of int, shape (n,)
        Of the post: central (1) or site (0); office or school.
    gender, years : ndarray, shape (n_members,)
    efficacy, climate : ndarray of float, shape (n_waves, n)
    ties : ndarray of bool, shape (n_relations, n_waves, n, n)
    """

    who: np.ndarray
    level: np.ndarray
    unit: np.ndarray
    gender: np.ndarray
    years: np.ndarray
    efficacy: np.ndarray
    climate: np.ndarray
    ties: np.ndarray

    @cached_property
    def ids(self) -> np.ndarray:
        return np.array([f"m{k + 1:03d}" for k in range(len(self))], dtype=object)

    @cached_property
    def present(self) -> np.ndarray:
        """Shape (n_waves, n_members)."""
        return np.array([np.isin(np.arange(len(self)), row) for row in self.who])

    def __len__(self) -> int:
        return len(self.gender)

    def by_member(self, values: np.ndarray) -> np.ndarray:
        """Values of posts as values of members, shape (n_waves, n_members); 0 while absent."""
        out = np.zeros((len(self.who), len(self)))
        np.put_along_axis(out, self.who, values, axis=1)
        return out

    def networks(self, r: int) -> np.ndarray:
        """Ties of a relation among members, shape (n_waves, n_members, n_members)."""
        out = np.zeros((len(self.who), len(self), len(self)), dtype=bool)
        for w, row in enumerate(self.who):
            out[w][np.ix_(row, row)] = self.ties[r, w]
        return out


def leadership_panel(
    name: str = "leaders",
    *,
    seed: int = 0,
    n: int = 90,
    waves: int = 3,
    relations: Sequence[str] = ("influence", "energy"),
    units: int = 15,
    central: float = 0.25,
    response: float = 0.9,
    attrition: float = 0.0,
    item_missing: float = 0.02,
    turnover: float = 0.15,
    exit_selection: float = 0.0,
    stability: float = 0.6,
    trait: float = 0.0,
    influence: float | Mapping[str, float] = 0.15,
    popularity: float | Mapping[str, float] = 0.3,
    homophily: float | Mapping[str, float] = 0.3,
    icc: float = 0.1,
    sender_sd: float = 0.5,
    receiver_sd: float = 0.5,
    ties: Mapping[str, float] | None = None,
    efficacy_loadings: Sequence[float] = (0.75, 0.7, 0.7, 0.7, 0.7, 0.65),
    climate_loadings: Sequence[float] = (0.75, 0.7, 0.7, 0.65),
) -> Community:
    """Yearly roster waves of a team of leaders, with planted influence and selection.

    Parameters
    ----------
    name : str
    seed : int
        The same seed and parameters give the same tables.
    n : int
        Leaders present at each wave.
    waves : int
        Yearly waves.
    relations : sequence of str
        Names of the networks; ties of the first one entrain the others.
    units : int
        Offices and schools.
    central : float
        Share of posts in central office; the others are at sites.
    response, attrition, item_missing : float
        Probability that a leader present returns the form; that one stops responding for good after a wave; that an
        item is left out. None depends on what would have been answered.
    turnover : float
        Share that leaves between two waves and is replaced.
    exit_selection : float
        Log odds ratio of leaving of a unit of efficacy.
    stability : float
        Share of the deviation from one's own level that stays until the next wave.
    trait : float
        Share of the variance of efficacy that is a member's own for good.
    influence : float or mapping of relation to float
        Efficacy taken over from the mean efficacy of those named a wave before; one number: in every relation.
        Relations that a mapping does not name have none.
    popularity, homophily : float or mapping of relation to float
        Log odds of a tie: of a unit of alter's efficacy; of a unit less of difference in efficacy.
    icc : float
        Share of the variance of climate that lies between units.
    sender_sd, receiver_sd : float
        Standard deviations of members' own tendencies to name and to be named, in log odds.
    ties : mapping, optional
        Changes to ``LEADER_TIES``, the other parameters of ties.
    efficacy_loadings, climate_loadings : sequence of float
        Between 0 and 1, at least three.

    Returns
    -------
    Community
        ``members`` has the columns level, gender and years (of experience on joining). ``truth`` holds
        ``parameters``, the ``call`` that makes it again, ``efficacy`` (stability, trait, influence by relation),
        ``ties`` (parameters by relation), ``climate``, ``items``, and ``latent``: members, and efficacy and climate
        by wave and member, None while absent.

    Raises
    ------
    ValueError
        For a parameter out of range, with the range.

    Examples
    --------
    >>> leaders = leadership_panel(seed=1, n=40, influence={"influence": 0.2})
    >>> sorted(leaders.ties["network"].unique()), sorted(leaders.items["scale"].unique())
    (['energy', 'influence'], ['climate', 'efficacy'])
    >>> leaders.truth["efficacy"]["influence"]
    {'influence': 0.2, 'energy': 0.0}
    >>> leaders.truth["call"]
    "coplearn.synthetic.leadership_panel('leaders', seed=1, n=40, influence={'influence': 0.2})"
    """
    given = dict(locals())
    names = (relations,) if isinstance(relations, str) else tuple(str(r) for r in relations)
    amounts = {k: _by_relation(given[k], names, k) for k in ("influence", "popularity", "homophily")}
    scales = {"efficacy": tuple(map(float, efficacy_loadings)), "climate": tuple(map(float, climate_loadings))}
    values = {k: v for k, v in given.items() if k not in {"name", "efficacy_loadings", "climate_loadings"}}
    effects = merged(LEADER_TIES, ties, "tie effect")
    plan = Leaders(**{**values, **amounts, "relations": names, "ties": effects, "scales": scales})
    tables, truth = _tables(plan)
    default = {k: p.default for k, p in inspect.signature(leadership_panel).parameters.items()}
    said = [f"{k}={plain(v)!r}" for k, v in given.items() if k != "name" and (v is not default[k] or k == "seed")]
    truth = {"call": f"coplearn.synthetic.leadership_panel({', '.join([repr(name), *said])})", **truth}
    about = {
        "title": f"Synthetic leaders {name!r}",
        "source": "coplearn.synthetic.leadership_panel",
        "licence": "CC0-1.0",
    }
    last = plan.stamp(plan.opens[-1:])[0] + pd.Timedelta(30, "D")
    return Community(name, **tables, start=plan.stamp([0])[0], end=last, truth=truth, about=about)


def _by_relation(value: float | Mapping[str, float], relations: tuple[str, ...], what: str) -> dict[str, float]:
    """An amount for each relation, from one number or a mapping."""
    if isinstance(value, Mapping):
        for relation in value:
            choose(relation, relations, f"relation (in {what})")
        return {r: float(value.get(r, 0.0)) for r in relations}
    return dict.fromkeys(relations, float(value))


def _tables(plan: Leaders) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """The tables of the community and its truth."""
    streams = [np.random.default_rng(s) for s in seed_sequence(plan.seed).spawn(2)]
    course = _course(plan, streams[0])
    traits = {"efficacy": course.by_member(course.efficacy), "climate": course.by_member(course.climate)}
    networks = {name: course.networks(r) for r, name in enumerate(plan.relations)}
    tables, _ = survey(plan, course, traits, networks, streams[1])
    tables["members"] = _members(plan, course)
    parameters = asdict(plan)
    first = plan.relations[0]
    shift = -np.log((plan.n - 1) / 89)
    truth: dict[str, Any] = {
        "parameters": plain(parameters),
        "efficacy": {
            "stability": plan.stability,
            "trait": plan.trait,
            "influence": dict(plan.influence),
            "noise_sd": float(np.sqrt((1 - plan.stability**2) * (1 - plan.trait))),
        },
        "ties": {
            r: {
                **{k: v + (shift if k == "outdegree" else 0) for k, v in plan.ties.items()},
                "entrainment": 0.0 if r == first else plan.ties["entrainment"],
                "popularity": plan.popularity[r],
                "homophily": plan.homophily[r],
            }
            for r in plan.relations
        },
        "climate": {"icc": plan.icc, "stability": plan.stability},
        "items": {scale: item_truth(plan, scale) for scale in plan.scales},
        "latent": {
            "members": list(course.ids),
            **{k: plain(np.where(course.present, v, np.nan).round(4)) for k, v in traits.items()},
        },
    }
    return tables, plain(truth)


def _course(plan: Leaders, rng: np.random.Generator) -> Course:
    """What happens, wave by wave: efficacy moves, some leave and are replaced, ties are drawn anew."""
    n, trait = plan.n, np.sqrt(plan.trait)
    offices = max(1, round(plan.units * plan.central))
    level = (np.arange(n) < round(n * plan.central)).astype(int)
    unit = np.where(level == 1, np.arange(n) % offices, offices + np.arange(n) % max(1, plan.units - offices))
    noise = np.sqrt((1 - plan.stability**2) * np.array([1 - plan.trait, 1.0, 1.0]))
    own, shared, personal = trait * rng.normal(size=n), rng.normal(size=plan.units), rng.normal(size=n)
    efficacy = own + np.sqrt(1 - plan.trait) * rng.normal(size=n)
    lean = rng.normal(size=(2, n)) * [[plan.sender_sd], [plan.receiver_sd]]
    x = np.zeros((len(plan.relations), n, n), dtype=bool)
    gender = rng.random(n) < 0.5
    who, genders = np.arange(n), [gender.copy()]
    record: list[tuple[np.ndarray, ...]] = []
    rho = np.array([plan.influence[r] for r in plan.relations])
    for w in range(-SETTLING, plan.waves):
        heard = x @ efficacy / np.maximum(x.sum(axis=2), 1)
        gone = rng.random(n) < _leaving(plan, efficacy)
        efficacy = own + plan.stability * (efficacy - own) + rho @ heard + noise[0] * rng.normal(size=n)
        shared = plan.stability * shared + noise[1] * rng.normal(size=plan.units)
        personal = plan.stability * personal + noise[2] * rng.normal(size=n)
        new, k = np.flatnonzero(gone), int(gone.sum())
        own[new] = trait * rng.normal(size=k)
        efficacy[new] = own[new] + np.sqrt(1 - plan.trait) * rng.normal(size=k)
        personal[new], gender[new] = rng.normal(size=k), rng.random(k) < 0.5
        lean[:, new] = rng.normal(size=(2, k)) * [[plan.sender_sd], [plan.receiver_sd]]
        stay = ~gone
        x = x & stay[:, None] & stay
        alike = {"same level": level, "same gender": gender, "same unit": unit}
        given = sum(plan.ties[name] * (v[:, None] == v) for name, v in alike.items())
        given = given + lean[0][:, None] + lean[1] + plan.ties["outdegree"] - np.log((n - 1) / 89)
        x = _draw_ties(plan, x, given, efficacy, rng)
        if w == 0:
            genders = [gender.copy()]  # who left while things settled was never seen
        elif w > 0:
            who = who.copy()
            who[new] = sum(map(len, genders)) + np.arange(k)
            genders.append(gender[new])
        if w >= 0:
            climate = np.sqrt(plan.icc) * shared[unit] + np.sqrt(1 - plan.icc) * personal
            record.append((who, efficacy.copy(), climate, x))
    everybody = np.concatenate(genders)
    years = np.round(rng.gamma(2.0, 4.0, len(everybody)), 1)
    held, e, c, drawn = (np.array(part) for part in zip(*record, strict=True))
    return Course(held, level, unit, everybody, years, e, c, np.swapaxes(drawn, 0, 1))


def _leaving(plan: Leaders, efficacy: np.ndarray) -> np.ndarray:
    """Probability of leaving before the next wave."""
    if plan.turnover in (0, 1):
        return np.full(plan.n, float(plan.turnover))
    logit = np.log(plan.turnover / (1 - plan.turnover)) + plan.exit_selection * efficacy
    return np.asarray(1 / (1 + np.exp(-logit)))


def _draw_ties(
    plan: Leaders, before: np.ndarray, given: np.ndarray, efficacy: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Ties of one wave, pair by pair, shape (n_relations, n, n); `before` are those of the wave before."""
    upper = np.triu_indices(plan.n, 1)
    lower = upper[::-1]
    near = APART - np.abs(efficacy[:, None] - efficacy)
    x = np.zeros_like(before)
    for r, relation in enumerate(plan.relations):
        closes = before[r].astype(np.float32) @ before[r] > 0
        eta = given + plan.ties["inertia"] * before[r] + plan.ties["closure"] * closes
        eta = eta + plan.popularity[relation] * efficacy + plan.homophily[relation] * near
        if r:
            eta = eta + plan.ties["entrainment"] * x[0]
        there, back = eta[upper], eta[lower]
        weight = np.exp([np.zeros_like(there), there, back, there + back + plan.ties["reciprocity"]])
        passed = weight.cumsum(axis=0) / weight.sum(axis=0) < rng.random(len(there))
        kind = passed.sum(axis=0)  # 0 none, 1 there, 2 back, 3 both
        x[r][upper], x[r][lower] = kind % 2 == 1, kind >= 2
    return x


def _members(plan: Leaders, course: Course) -> pd.DataFrame:
    """One row a member; who is replaced leaves halfway between two waves, when the successor joins."""
    present, days = course.present, plan.opens
    first, last = present.argmax(axis=0), plan.waves - 1 - present[::-1].argmax(axis=0)
    middle = np.concatenate([[0], (days[:-1] + days[1:]) // 2])
    post = np.empty(len(course), dtype=int)
    for row in course.who:
        post[row] = np.arange(plan.n)
    leaves = last < plan.waves - 1
    left = pd.Series(plan.stamp(middle[np.where(leaves, last + 1, 0)]))
    place = np.where(course.level[post] == 1, "office", "school")
    return pd.DataFrame(
        {
            "member": course.ids,
            "joined": plan.stamp(middle[first]),
            "left": left.where(leaves),
            "left_reason": np.where(leaves, "voluntary", np.array(None, dtype=object)),
            "cohort": [f"wave {w + 1}" for w in first],
            "role": np.where(course.level[post] == 1, "central", "site"),
            "unit": [f"{kind} {u + 1:02d}" for kind, u in zip(place, course.unit[post], strict=True)],
            "level": np.where(course.level[post] == 1, "central", "site"),
            "gender": np.where(course.gender, "f", "m"),
            "years": course.years,
            "consent": "all",
        }
    ).set_index("member")
