r"""Synthetic communities whose truth is known: what a method should find can be written down before it looks.

A community is drawn in the order in which one comes to be: who joins and who leaves; what each member is like
(identity, efficacy) and whom they name, which feed on each other; what they answer in surveys; who asks and who
answers; in which words. Each step is one generating equation below, each planted amount is one parameter of
:func:`community`, and zero means exactly none of it. Time t is in years since the start, :math:`t_i` is when member
i joined, :math:`\tau_i = t - t_i` is tenure, :math:`t_w` is when wave w opens.

**Membership.** Founders join at the start, others by a Poisson process (``intake`` a year). Member i leaves at the
rate ``leave`` :math:`(1 + \text{newcomer\_leave}\; e^{-2 \tau}) \exp(\text{exit\_selection} \cdot a_i)` a year,
:math:`a_i` being the member's own part of identity.

**Identity** of a member present at wave w, in latent units (about one standard deviation of a wave by default):

.. math:: \theta_{iw} = \text{replacement} \cdot t_i + \text{drift} \cdot \tau_{iw} + a_i + \varepsilon_{iw}, \quad
   a_i \sim N(0, \text{identity\_sd}^2),\; \varepsilon_{iw} \sim N(0, \text{identity\_noise}^2)

**Efficacy** has unit variance where nobody is influenced. :math:`e_i \sim N(0, 1)` on joining, and from wave to wave

.. math:: e_{i,w+1} = \phi e_{iw} + \text{influence} \cdot (\bar e_{A_i(w), w} - e_{iw}) + \sqrt{1 - \phi^2}\, z_{iw}

with :math:`A_i(w)` the members whom i goes to for advice at wave w (no influence where there are none) and
:math:`\phi` = ``stability``. Influence works on latent efficacy and on all ties, whether reported or not.

**Ties** change one at a time (a stochastic actor-oriented model; Snijders 2001, doi:10.1111/0081-1750.00099). Members
present get chances at ``rate`` a wave-to-wave period each; one who has a chance changes the tie to one member present,
or none, with probability proportional to :math:`\exp(f_i(x'))`,

.. math:: f_i(x) = \sum_j x_{ij} \big[\beta_1 + \beta_2 x_{ji} + \beta_3 \textstyle\sum_h x_{ih} x_{hj}
   + \beta_4 1(c_i = c_j) + \beta_5 (\mathrm{sim}_{ij} - \overline{\mathrm{sim}})\big], \quad
   \mathrm{sim}_{ij} = 1 - |e_i - e_j| / 4

(outdegree, reciprocity, transitive triplets, same cohort, similarity in efficacy; :math:`\beta_5` is ``selection``
for advice; similarity is centred at its mean among strangers, :math:`1 - 1 / (2 \sqrt{\pi})`). Efficacy here is that of the last wave, or on joining for who has seen no
wave. Joiners enter without ties, the ties of leavers vanish. Before the first wave, founders start without ties and
get ``BURN_IN`` chances each.

**Survey.** Item k of a scale shows a latent trait f by :math:`y^* = \lambda_k f + \sqrt{1 - \lambda_k^2}\, u`, cut at
:math:`b_k + (-1.5, -0.9, \dots, 1.5)` into 1 to 7; the third item is reverse-coded.

**Questions and answers.** Questions follow the number of members present and the hours of the week; askers differ in
how much they ask. Each question gets a Poisson number of answers with exponential delays. Given an answer to asker j
at time t, the answerer i is drawn among the members present other than j, whether or not they have answered already,
with probability

.. math:: P(i \mid j, t) = \frac{\exp \sum_k \theta_k s_k(i, j, t)}{\sum_{h \ne j} \exp \sum_k \theta_k s_k(h, j, t)}

``inertia`` :math:`\log(1 + n_{ij})`, with :math:`n_{ij}` the answers that i gave to j before t; ``reciprocity``
:math:`\log(1 + n_{ji})`; ``same cohort``; ``tenure`` of i in years at t; ``efficacy`` of i, as for ties. Seen from
the asker (turn each answer round) this is the choice model of a DyNAM (Stadtfeld, Hollway & Block 2017,
doi:10.1177/0081175017709295).

**Language.** Who speaks as people did at the date g uses word w with probability proportional to
:math:`\text{zipf}_w \exp(\text{language\_drift} \cdot g\, d_w + e^{-\kappa \tau} h_i \cdot D_w)`: the norm moves along
d, newcomers have habits :math:`h_i` of their own. Members catch up with the date at the speed :math:`\kappa` =
``acculturation``, :math:`g' = \kappa (t - g)` from :math:`g = t_i`, so that

.. math:: g_i(t) = t - (1 - e^{-\kappa \tau}) / \kappa, \qquad g_i(t) = t_i \text{ if } \kappa = 0.

With :math:`\kappa = 0` no author ever changes, and the community's language moves by replacement alone. Mixed in are
words of one's cohort, first-person words (rarer with :math:`e^{-\kappa \tau}`), and innovations: a new word each
month, used by who speaks as people did within a year after it. ``bigram`` is the chance that a word is followed by one
of its own eight followers instead of a fresh draw.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import choose
from coplearn.community import Community

__all__ = ["ANSWERING", "LOADINGS", "NETWORKS", "Plan", "community", "community_tables"]

NETWORKS: Mapping[str, Mapping[str, float]] = {
    "advice": {
        "rate": 7.0,
        "outdegree": -1.85,
        "reciprocity": 1.3,
        "transitive triplets": 0.2,
        "same cohort": 0.3,
    },
    "friendship": {
        "rate": 5.0,
        "outdegree": -2.3,
        "reciprocity": 2.0,
        "transitive triplets": 0.35,
        "same cohort": 0.6,
    },
}
ANSWERING: Mapping[str, float] = {
    "inertia": 0.7,
    "reciprocity": 0.4,
    "same cohort": 0.4,
    "tenure": 0.15,
    "efficacy": 0.3,
}
LOADINGS: Mapping[str, tuple[float, ...]] = {
    "efficacy": (0.8, 0.75, 0.75, 0.7, 0.7, 0.65),
    "identity": (0.8, 0.75, 0.7, 0.7),
}
SAOM_NAMES = {
    "rate": "rate",
    "outdegree": "outdegree (density)",
    "reciprocity": "reciprocity (recip)",
    "transitive triplets": "transitive triplets (transTrip)",
    "same cohort": "same cohort (sameX)",
    "similarity efficacy": "similarity efficacy (simX)",
}
YEAR = 365.25 * 86_400  # seconds; all instants are whole seconds since the start
HERE = np.iinfo(np.int64).max  # leaving date of who is still here
BURN_IN = 20.0  # chances to change a tie that each founder has before the first wave
SPREAD = 0.5 / np.sqrt(np.pi)  # mean of |e_i - e_j| / 4 for independent unit normals
CUTS = np.linspace(-1.5, 1.5, 6)
FIRST_PERSON = ("i", "me", "my", "we", "our")
SYLLABLES = ("bdfgklmnprstvz", "aeiou", "aou")  # onsets, vowels, last vowels; no such word is an English function word
TYPES, FOLLOWERS, HABITS, BROUGHT = 1500, 8, 4, 12  # base words; followers a word; habit dimensions; words a cohort
WEEK = 7 * 24


def community(
    name: str = "synthetic",
    *,
    seed: int = 0,
    start: str = "2019-01-01",
    end: str = "2024-01-01",
    waves: int = 6,
    founders: int = 55,
    intake: float | Sequence[float] = 25.0,
    leave: float = 0.22,
    newcomer_leave: float = 1.5,
    exit_selection: float = 0.0,
    units: int = 3,
    bots: int = 1,
    metadata_only: int = 4,
    drift: float = 0.0,
    replacement: float = 0.0,
    identity_sd: float = 0.9,
    identity_noise: float = 0.4,
    stability: float = 0.7,
    influence: float = 0.0,
    selection: float = 0.0,
    networks: Mapping[str, Mapping[str, float]] | None = None,
    loadings: Mapping[str, Sequence[float]] | None = None,
    response: float = 0.92,
    attrition: float = 0.02,
    item_missing: float = 0.02,
    questions: float = 5.0,
    answers: float = 1.9,
    thanks: float = 0.3,
    intros: float = 0.8,
    rhythm: float = 0.8,
    answering: Mapping[str, float] | None = None,
    language_drift: float = 0.2,
    acculturation: float = 1.0,
    habits: float = 0.4,
    cohort_words: float = 0.05,
    innovations: float = 0.02,
    first_person: float = 0.06,
    bigram: float = 0.35,
    ties: bool = True,
    events: bool = True,
    text: bool = True,
) -> Community:
    """A community of practice drawn from the equations at the top of this module.

    Parameters
    ----------
    name : str
    seed : int
        The same seed and parameters give the same tables. Each part has a random stream of its own: leaving out
        ties, events or text changes nothing else, except that without ties nobody is influenced.
    start, end : str
        Dates of the observation, in UTC.
    waves : int
        Survey waves, evenly spaced from 30 days after the start to 30 days before the end. A wave is one instant:
        it closes when it opens, so that members are either present or not.
    founders : int
        Members at the start (bots not counted). The first is the facilitator, who stays.
    intake : float or sequence of float
        Joiners a year, or one value for each year of the observation.
    leave, newcomer_leave : float
        Leaving rate a year of a long-standing member; extra share of it at tenure 0, which fades with e^(-2 tenure).
    exit_selection : float
        Log rate ratio of leaving a unit of the member's own part of identity; positive: who identifies more leaves.
    units, bots, metadata_only : int
        Teams; bots (they post an announcement every four weeks); members whose consent does not cover text.
    drift : float
        Change within a member, latent identity units a year of tenure.
    replacement : float
        Difference between members who join a year apart, latent identity units.
    identity_sd, identity_noise : float
        Standard deviations between members, and within a member from wave to wave.
    stability : float
        Share of efficacy that stays from one wave to the next.
    influence : float
        Share of the gap to the mean efficacy of one's advisers that closes by the next wave.
    selection : float
        Preference for advisers similar in efficacy: log odds of a tie between equals against four units apart.
    networks : mapping, optional
        Changes to `NETWORKS`, such as ``{"advice": {"reciprocity": 2.0}}``; rates are chances a member and period.
    loadings : mapping, optional
        Replaces loadings of a scale of `LOADINGS`; between 0 and 1, at least three.
    response, attrition, item_missing : float
        Probability that a member present returns the form; that one stops responding for good after a wave; that
        an item is left out. None depends on what would have been answered.
    questions, answers, thanks, intros : float
        Questions a member and year; answers a question; probability that an answer is thanked for; that a joiner
        introduces oneself.
    rhythm : float
        Share of questions that keep to working hours (Monday to Friday, 9 to 17, Tuesdays twice as many); the rest
        come at any hour.
    answering : mapping, optional
        Changes to `ANSWERING`, the log-linear parameters of who answers.
    language_drift : float
        Movement of the norm, in log odds a year for a word one standard deviation from neutral.
    acculturation : float
        Speed a year at which members take on the norm of the day; 0: authors never change.
    habits : float
        Standard deviation of newcomers' own tilts, on each of four axes.
    cohort_words, innovations : float
        Shares of words taken from the own cohort's, and from words that came up within a year before the date
        whose language one speaks.
    first_person : float
        Share of first-person words at tenure 0; half of it remains in the long run (unless acculturation is 0).
    bigram : float
        Probability that a word is drawn among the followers of the one before.
    ties, events, text : bool
        What to draw at all; without events there are no messages.

    Returns
    -------
    Community
        ``truth`` holds ``parameters``, the ``call`` that makes it again, and under ``identity``, ``efficacy``,
        ``saom``, ``answers``, ``language``, ``items`` and ``latent`` what estimators aim at; see
        :func:`community_tables`.

    Raises
    ------
    ValueError
        For a parameter out of range, with the range.

    Examples
    --------
    >>> small = community("small", seed=1, founders=12, intake=6, drift=0.5, events=False)
    >>> sorted(small.ties["network"].unique())
    ['advice', 'friendship']
    >>> [round(step["within"], 1) for step in small.truth["identity"]["steps"]["expected_latent"]]
    [0.5, 0.5, 0.5, 0.5, 0.5]
    >>> small.truth["call"]
    "coplearn.synthetic.community('small', seed=1, founders=12, intake=6, drift=0.5, events=False)"
    """
    given = dict(locals())
    plan = Plan(**{k: v for k, v in given.items() if k != "name"})
    tables, truth = community_tables(plan)
    default = {k: p.default for k, p in inspect.signature(community).parameters.items()}
    said = [f"{k}={_plain(v)!r}" for k, v in given.items() if k != "name" and (_plain(v) != default[k] or k == "seed")]
    truth = {"call": f"coplearn.synthetic.community({', '.join([repr(name), *said])})", **truth}
    about = {"title": f"Synthetic community {name!r}", "source": "coplearn.synthetic.community", "licence": "CC0-1.0"}
    last = plan.closing - pd.Timedelta(seconds=1)  # the end belongs to the observation, the closing date does not
    return Community(name, **tables, start=plan.opening, end=last, truth=truth, about=about)


@dataclass(frozen=True)
class Plan:
    """All parameters of :func:`community`, checked; see there for what they mean."""

    seed: int
    start: str
    end: str
    waves: int
    founders: int
    intake: float | Sequence[float]
    leave: float
    newcomer_leave: float
    exit_selection: float
    units: int
    bots: int
    metadata_only: int
    drift: float
    replacement: float
    identity_sd: float
    identity_noise: float
    stability: float
    influence: float
    selection: float
    networks: Mapping[str, Mapping[str, float]] | None
    loadings: Mapping[str, Sequence[float]] | None
    response: float
    attrition: float
    item_missing: float
    questions: float
    answers: float
    thanks: float
    intros: float
    rhythm: float
    answering: Mapping[str, float] | None
    language_drift: float
    acculturation: float
    habits: float
    cohort_words: float
    innovations: float
    first_person: float
    bigram: float
    ties: bool
    events: bool
    text: bool

    def __post_init__(self) -> None:
        shares = ["response", "attrition", "item_missing", "thanks", "intros", "rhythm", "bigram", "stability"]
        shares += ["cohort_words", "innovations", "first_person"]
        rates = ["leave", "newcomer_leave", "identity_sd", "identity_noise", "questions", "answers", "habits"]
        self._within(shares, 0, 1)
        self._within([*rates, "acculturation", "bots", "metadata_only"], 0, np.inf)
        self._within(["waves"], 2, np.inf)
        self._within(["founders", "units"], 1, np.inf)
        if self.span < 0.5 * YEAR:
            raise ValueError(f"the observation from {self.start} to {self.end} is too short; give half a year or more.")
        if self.cohort_words + self.innovations + self.first_person > 1:
            raise ValueError("cohort_words, innovations and first_person are shares of all words; keep their sum below 1.")
        if self.influence and not self.ties:
            raise ValueError(f"influence={self.influence} flows through advice ties; leave ties=True, or influence=0.")
        if not np.min(self.yearly_intake) >= 0:
            raise ValueError("intake counts joiners a year; give numbers from 0.")
        for loading in self.scales.values():
            if len(loading) < 3 or not all(0 < v < 1 for v in loading):
                raise ValueError(f"loadings {loading}: give three or more a scale, each between 0 and 1.")
        _ = self.tie_effects, self.answer_effects

    def _within(self, names: Sequence[str], low: float, high: float) -> None:
        for name in names:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}={value}: give a number between {low} and {high}.")

    @cached_property
    def opening(self) -> pd.Timestamp:
        return pd.Timestamp(self.start, tz="UTC")

    @cached_property
    def closing(self) -> pd.Timestamp:
        return pd.Timestamp(self.end, tz="UTC")

    @cached_property
    def span(self) -> int:
        """Length of the observation in seconds."""
        return int((self.closing - self.opening).total_seconds())

    @cached_property
    def opens(self) -> np.ndarray:
        """When each wave opens: at midnight, after 30 days and then evenly until 30 days before the end."""
        days = self.span // 86_400
        return np.linspace(30, days - 30, self.waves).round().astype(np.int64) * 86_400

    @cached_property
    def yearly_intake(self) -> np.ndarray:
        """Joiners a year, one value for each year of the observation."""
        years = int(np.ceil(round(self.span / YEAR, 2)))
        values = np.atleast_1d(np.asarray(self.intake, dtype=float))
        if len(values) not in (1, years):
            raise ValueError(f"intake has {len(values)} values for {years} years; give one number, or one a year.")
        return np.broadcast_to(values, years)

    @cached_property
    def scales(self) -> dict[str, tuple[float, ...]]:
        return {s: tuple(v) for s, v in _merged(LOADINGS, self.loadings, "scale").items()}

    @cached_property
    def tie_effects(self) -> dict[str, dict[str, float]]:
        """Parameters of each network; `selection` is the similarity effect of advice."""
        if not self.ties:
            return {}
        changes = self.networks or {}
        for network in changes:
            choose(network, list(NETWORKS), "network")
        similar = {"advice": float(self.selection), "friendship": 0.0}
        return {
            n: {**_merged(NETWORKS[n], changes.get(n), "tie effect"), "similarity efficacy": similar[n]}
            for n in NETWORKS
        }

    @cached_property
    def answer_effects(self) -> dict[str, float]:
        return _merged(ANSWERING, self.answering, "answering effect")

    def stamp(self, seconds: np.ndarray) -> pd.DatetimeIndex:
        """Instants of whole seconds since the start."""
        first = self.opening.value // 10**9
        return pd.DatetimeIndex(((first + seconds) * 10**6).astype("datetime64[us]")).tz_localize("UTC")


def _merged(default: Mapping[str, Any], changes: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    """Defaults with some replaced; a name that is not there raises."""
    return {**default, **{choose(k, list(default), what): v for k, v in (changes or {}).items()}}


def community_tables(plan: Plan) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """The tables of a synthetic community and its truth.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tables : dict of str to DataFrame
        In the columns of :mod:`coplearn.schema`.
    truth : dict
        JSON values. ``identity``: ``means`` by wave and ``cohort_means``; and ``steps``, the within, entry and exit
        parts from wave to wave of four quantities over the members present: ``latent`` identity as realised;
        ``score``, the scale score had everybody answered everything; and of both their expectation given who joined
        and left when (``expected_latent``, ``expected_score``; None if leaving depends on identity). ``efficacy``:
        parameters and means. ``saom``: parameters by network. ``answers``: effects and the number of choices.
        ``language``: words, and the steps of the mean language date g, in years. ``items``: loadings and
        thresholds. ``latent``: values by wave and member to four decimals, None while absent.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(plan.seed).spawn(7)]
    people = _membership(plan, streams[0])
    identity = _identity(plan, people, streams[1])
    efficacy, networks = _coevolution(plan, people, streams[2], streams[3])
    tables, scores = _survey(plan, people, {"efficacy": efficacy, "identity": identity}, networks, streams[4])
    truth: dict[str, Any] = {
        "parameters": _plain({**asdict(plan), "networks": plan.tie_effects, "answering": plan.answer_effects})
        | {"loadings": _plain(plan.scales)},
        "identity": _identity_truth(plan, people, identity, scores["identity"]),
        "efficacy": {
            "stability": plan.stability,
            "influence": plan.influence,
            "noise_sd": float(np.sqrt(1 - plan.stability**2)),
            "means": [_mean(row[here]) for row, here in zip(efficacy, people.present, strict=True)],
        },
        "saom": {n: {SAOM_NAMES[k]: v for k, v in e.items()} for n, e in plan.tie_effects.items()},
        "items": {s: _item_truth(plan, s) for s in plan.scales},
        "latent": {
            "members": list(people.ids),
            "identity": _plain(np.where(people.present, identity, np.nan).round(4)),
            "efficacy": _plain(np.where(people.present, efficacy, np.nan).round(4)),
            "efficacy_at_entry": _plain(people.entry_efficacy.round(4)),
        },
    }
    tables["members"] = _member_table(plan, people)
    if plan.events:
        record, truth["answers"] = _record(plan, people, people.standing(efficacy), streams[5])
        words, truth["language"] = _texts(plan, people, record, streams[6]) if plan.text else (None, None)
        tables |= _record_tables(plan, people, record, words)
    return tables, truth


def _plain(value: Any) -> Any:
    """JSON values: arrays become lists, NaN becomes None."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


# --- membership ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class People:
    """Members without bots, in order of joining; instants in seconds since the start.

    Attributes
    ----------
    joined, left : ndarray of int64, shape (n_members,)
        `HERE` where a member does not leave within the observation.
    cohort : ndarray of int, shape (n_members,)
        Position in `cohorts`.
    own : ndarray of float, shape (n_members,)
        The member's own part of identity.
    present : ndarray of bool, shape (n_waves, n_members)
    """

    ids: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    cohort: np.ndarray
    cohorts: list[str]
    unit: np.ndarray
    consent: np.ndarray
    own: np.ndarray
    entry_efficacy: np.ndarray
    asks: np.ndarray
    habits: np.ndarray
    present: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def here(self, seconds: int) -> np.ndarray:
        """Who is present at an instant."""
        return (self.joined <= seconds) & (seconds < self.left)

    def count(self, seconds: np.ndarray) -> np.ndarray:
        """How many are present at each instant."""
        joined, left = np.sort(self.joined), np.sort(self.left)
        return np.searchsorted(joined, seconds, "right") - np.searchsorted(left, seconds, "right")

    def standing(self, efficacy: np.ndarray) -> np.ndarray:
        """Efficacy as it stands before the first wave and from each wave on, shape (n_waves + 1, n_members)."""
        return np.vstack([self.entry_efficacy, np.where(self.present, efficacy, self.entry_efficacy)])


def _membership(plan: Plan, rng: np.random.Generator) -> People:
    """Who joins, when they leave, and what they bring."""
    intake = plan.yearly_intake
    edges = np.minimum(np.arange(len(intake) + 1) * YEAR, plan.span)
    counts = rng.poisson(intake * np.diff(edges) / YEAR)
    later = np.concatenate([rng.uniform(a, b, k) for a, b, k in zip(edges[:-1], edges[1:], counts, strict=True)])
    later = np.sort(np.clip(later, 1, plan.span - 86_400)).astype(np.int64)
    joined = np.concatenate([np.zeros(plan.founders, dtype=np.int64), later])
    n = len(joined)
    own = rng.normal(0, plan.identity_sd, n)
    # The cumulative rate of leaving is known, so the time of leaving is where it reaches an exponential draw.
    tenure = np.linspace(0, plan.span / YEAR, 2000)
    load = plan.leave * (tenure + plan.newcomer_leave * (1 - np.exp(-2 * tenure)) / 2)
    draw = rng.exponential(size=n) * np.exp(-plan.exit_selection * own)
    stay = np.interp(draw, load, tenure) * YEAR if plan.leave else np.full(n, np.inf)
    left = joined + np.maximum(np.where(draw < load[-1], stay, plan.span), 86_400).astype(np.int64)
    left[left >= plan.span] = HERE
    left[0] = HERE  # the facilitator
    year = (plan.stamp(joined).year).astype(str).to_numpy(dtype=object)
    year[: plan.founders] = "founders"
    cohorts = list(dict.fromkeys(year))
    consent = np.full(n, "all", dtype=object)
    consent[rng.permutation(n)[: plan.metadata_only]] = "metadata"
    return People(
        ids=np.array([f"m{k + 1:03d}" for k in range(n)], dtype=object),
        joined=joined,
        left=left,
        cohort=np.array([cohorts.index(y) for y in year]),
        cohorts=cohorts,
        unit=rng.integers(0, plan.units, n),
        consent=consent,
        own=own,
        entry_efficacy=rng.normal(size=n),
        asks=rng.lognormal(0, 0.7, n),
        habits=rng.normal(0, 1, (n, HABITS)),
        present=(joined <= plan.opens[:, None]) & (plan.opens[:, None] < left),
    )


def _member_table(plan: Plan, people: People) -> pd.DataFrame:
    n, bots = len(people), plan.bots
    left = pd.Series(plan.stamp(np.where(people.left == HERE, 0, people.left)))
    frame = pd.DataFrame(
        {
            "member": people.ids,
            "joined": plan.stamp(people.joined),
            "left": left.where(people.left != HERE),
            "left_reason": np.where(people.left == HERE, None, "voluntary"),
            "cohort": np.array(people.cohorts, dtype=object)[people.cohort],
            "role": ["facilitator"] + ["member"] * (n - 1),
            "unit": [f"team {'abcdefghijklmnopqrstuvwxyz'[u % 26]}" for u in people.unit],
            "is_bot": False,
            "consent": people.consent,
        }
    )
    machines = pd.DataFrame(
        {"member": [f"bot{k + 1}" for k in range(bots)], "joined": plan.opening, "is_bot": True, "consent": "all"}
    )
    frame = pd.concat([frame, machines], ignore_index=True) if bots else frame
    return frame.assign(joined=frame["joined"].dt.as_unit("us")).set_index("member")


# --- identity, efficacy and ties ---------------------------------------------------------------------------


def _identity(plan: Plan, people: People, rng: np.random.Generator) -> np.ndarray:
    """Latent identity, shape (n_waves, n_members); meant for members present."""
    noise = rng.normal(0, plan.identity_noise, (plan.waves, len(people)))
    return _identity_mean(plan, people) + people.own + noise


def _identity_mean(plan: Plan, people: People) -> np.ndarray:
    tenure = (plan.opens[:, None] - people.joined) / YEAR
    return plan.replacement * people.joined / YEAR + plan.drift * tenure


def _coevolution(
    plan: Plan, people: People, rng: np.random.Generator, tie_rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Efficacy, shape (n_waves, n_members), and the true networks, shape (n_waves, n_members, n_members)."""
    n = len(people)
    shocks = rng.normal(0, np.sqrt(1 - plan.stability**2), (plan.waves, n))
    state = {name: np.zeros((n, n)) for name in plan.tie_effects}
    kept: dict[str, list[np.ndarray]] = {name: [] for name in state}
    efficacy = np.zeros((plan.waves, n))
    now = people.entry_efficacy.copy()
    for w, opens in enumerate(plan.opens):
        before = plan.opens[w - 1] if w else 0
        for name, effects in plan.tie_effects.items():
            rate = effects["rate"] if w else BURN_IN
            _evolve(state[name], people, now, effects, rate, int(before), int(opens), tie_rng)
            kept[name].append(state[name].copy())
        if w:
            stay = people.present[w - 1] & people.present[w]
            pull = plan.influence * _advice_gap(kept["advice"][w - 1], now) if plan.influence else 0.0
            now = np.where(stay, plan.stability * now + pull + shocks[w], now)
        efficacy[w] = now
    return efficacy, {name: np.array(x) for name, x in kept.items()}


def _advice_gap(x: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Mean efficacy of one's advisers minus one's own; 0 without advisers."""
    degree = x.sum(axis=1)
    return np.where(degree > 0, x @ e / np.maximum(degree, 1) - e, 0.0)


def _evolve(
    x: np.ndarray,
    people: People,
    e: np.ndarray,
    effects: Mapping[str, float],
    rate: float,
    before: int,
    until: int,
    rng: np.random.Generator,
) -> None:
    """Let a network, changed in place, run from one instant to another while members come and go."""
    some = np.flatnonzero((people.joined <= until) & (people.left > before))
    y = x[np.ix_(some, some)]
    cohort, own = people.cohort[some], e[some]
    fixed = effects["outdegree"] + effects["same cohort"] * (cohort[:, None] == cohort)
    if effects["similarity efficacy"]:
        fixed = fixed + effects["similarity efficacy"] * (SPREAD - np.abs(own[:, None] - own) / 4)
    joined, left = people.joined[some], people.left[some]
    changes = np.unique(np.concatenate([joined, left]))
    cuts = np.concatenate([[before], changes[(changes > before) & (changes <= until)], [until]])
    for first, last in zip(cuts[:-1], cuts[1:], strict=True):
        here = (joined <= first) & (first < left)
        gone = left == first
        y[gone], y[:, gone] = 0.0, 0.0
        actors = np.flatnonzero(here)
        steps = rng.poisson(rate * len(actors) * (last - first) / (until - before))
        chosen, luck = rng.choice(actors, steps), rng.random(steps)
        _ministeps(y, fixed, here, effects["reciprocity"], effects["transitive triplets"], chosen, luck)
    gone = left <= until
    y[gone], y[:, gone] = 0.0, 0.0
    x[:] = 0.0
    x[np.ix_(some, some)] = y


def _ministeps(
    x: np.ndarray,
    fixed: np.ndarray,
    here: np.ndarray,
    reciprocity: float,
    closure: float,
    egos: np.ndarray,
    luck: np.ndarray,
) -> None:
    """One chance after the other: ego toggles the tie to one member present, or none."""
    absent = np.where(here, 0.0, -np.inf)
    for i, u in zip(egos.tolist(), luck.tolist(), strict=True):
        row = x[i]
        gain = fixed[i] + reciprocity * x[:, i] + closure * (row @ x + x @ row)
        gain *= 1 - 2 * row  # the change statistic counts negative where the tie would go
        gain += absent
        gain[i] = 0.0  # no change
        odds = np.exp(gain).cumsum()
        j = int(odds.searchsorted(u * odds[-1], "right"))
        if j != i:
            row[j] = 1 - row[j]


# --- survey ------------------------------------------------------------------------------------------------


def _difficulty(loading: Sequence[float]) -> np.ndarray:
    """Items of a scale differ in how readily they are agreed with."""
    return np.linspace(-0.3, 0.3, len(loading))


def _item_truth(plan: Plan, scale: str) -> dict[str, Any]:
    loading = plan.scales[scale]
    cuts = _difficulty(loading)[:, None] + CUTS
    return _plain({"loadings": loading, "thresholds": cuts, "reverse": [k == 2 for k in range(len(loading))]})


def _survey(
    plan: Plan,
    people: People,
    traits: Mapping[str, np.ndarray],
    networks: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> tuple[dict[str, pd.DataFrame], dict[str, np.ndarray]]:
    """Waves, roster, ties, items, responses; and the scores, shape (n_waves, n_members), before anything is missing."""
    labels = np.arange(1, plan.waves + 1)
    quits = rng.random(people.present.shape) < plan.attrition
    dropped = np.vstack([np.zeros(len(people), dtype=bool), (quits & people.present)[:-1].cumsum(axis=0) > 0])
    responded = people.present & ~dropped & (rng.random(people.present.shape) < plan.response)
    w, i = np.nonzero(people.present)
    roster = {"wave": labels[w], "member": people.ids[i], "listed": True, "responded": responded[w, i]}
    asked, said = np.nonzero(responded)
    items, responses, scores = [], [], {}
    for scale, loading in plan.scales.items():
        answer = _likert(traits[scale], loading, rng)
        scores[scale] = answer.mean(axis=2)
        for k in range(len(loading)):
            item, turned = f"{scale[:3]}{k + 1}", k == 2
            items.append({"item": item, "scale": scale, "reverse": turned, "min": 1.0, "max": 7.0, "continuous": False})
            value = (8.0 - answer[:, :, k] if turned else answer[:, :, k])[asked, said]
            value = np.where(rng.random(len(value)) < plan.item_missing, np.nan, value)
            row = {"wave": labels[asked], "member": people.ids[said], "item": item, "value": value}
            responses.append(pd.DataFrame(row))
    tables = {
        "waves": _wave_table(plan, labels),
        "roster": pd.DataFrame(roster),
        "items": pd.DataFrame(items).set_index("item"),
        "responses": pd.concat(responses, ignore_index=True),
    }
    if networks:
        tables["ties"] = pd.concat(
            [_tie_table(name, x, people, labels, responded) for name, x in networks.items()], ignore_index=True
        )
    return tables, scores


def _likert(trait: np.ndarray, loading: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Answers from 1 to 7 before reverse-coding, shape (n_waves, n_members, n_items)."""
    lam = np.asarray(loading)
    y = trait[:, :, None] * lam + rng.normal(size=(*trait.shape, len(lam))) * np.sqrt(1 - lam**2)
    return 1.0 + np.searchsorted(CUTS, y - _difficulty(loading), "left")


def _wave_table(plan: Plan, labels: np.ndarray) -> pd.DataFrame:
    frame = {"wave": labels, "opens": plan.stamp(plan.opens), "closes": plan.stamp(plan.opens)}
    return pd.DataFrame(frame).set_index("wave")


def _tie_table(
    name: str, x: np.ndarray, people: People, labels: np.ndarray, responded: np.ndarray
) -> pd.DataFrame:
    """Ties reported: those of members who responded."""
    w, i, j = np.nonzero(x * responded[:, :, None])
    return pd.DataFrame(
        {"wave": labels[w], "network": name, "ego": people.ids[i], "alter": people.ids[j], "value": 1.0}
    )


# --- questions and answers -----------------------------------------------------------------------------------


def _record(
    plan: Plan, people: People, standing: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What members did, one row an act in order of time: seconds, kind, actor, other (-1: everybody), parent row."""
    asked, asker = _questions(plan, people, rng)
    number = rng.poisson(plan.answers, len(asked))
    to = np.repeat(np.arange(len(asked)), number)
    when = asked[to] + 60 + (rng.exponential(8 * 3600, len(to))).astype(np.int64)
    order = np.argsort(when, kind="stable")
    when, to = _strictly_later(when[order]), to[order]
    keep = (when < people.left[asker[to]]) & (when < plan.span) & (people.count(when) > 1)
    when, to = when[keep], to[keep]
    answerer = _answerers(plan, people, standing, when, asker[to], rng)
    grateful = rng.random(len(when)) < plan.thanks
    later = when + 60 + rng.exponential(86_400, len(when)).astype(np.int64)
    both = np.minimum(people.left[asker[to]], people.left[answerer])
    grateful &= (later < both) & (later < plan.span)
    greet = people.joined + 60 + rng.exponential(5 * 86_400, len(people)).astype(np.int64)
    greets = np.flatnonzero((rng.random(len(people)) < plan.intros) & (greet < np.minimum(people.left, plan.span)))
    every = np.arange(9 * 3600, plan.span, 28 * 86_400)
    parts = [
        pd.DataFrame({"seconds": asked, "kind": "question", "actor": asker, "other": -1, "parent": -1}),
        pd.DataFrame({"seconds": when, "kind": "answer", "actor": answerer, "other": asker[to], "parent": to}),
        pd.DataFrame(
            {"seconds": later, "kind": "thanks", "actor": asker[to], "other": answerer, "parent": -1}
        )[grateful],
        pd.DataFrame({"seconds": greet[greets], "kind": "intro", "actor": greets, "other": -1, "parent": -1}),
    ]
    for bot in range(plan.bots):
        row = {"seconds": every + 600 * bot, "kind": "announcement", "actor": len(people) + bot}
        parts.append(pd.DataFrame({**row, "other": -1, "parent": -1}))
    record = pd.concat(parts, ignore_index=True)
    order = np.argsort(record["seconds"].to_numpy(), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    record["parent"] = np.where(record["parent"] < 0, -1, place[record["parent"]])  # questions are the first rows
    record = record.iloc[order].reset_index(drop=True)
    truth = {"effects": plan.answer_effects, "choices": len(when), "risk_set": "members present other than the asker"}
    return record, truth


def _strictly_later(seconds: np.ndarray) -> np.ndarray:
    """Sorted instants, moved by seconds so that no two are the same."""
    steps = np.arange(len(seconds))
    return np.maximum.accumulate(seconds - steps) + steps if len(seconds) else seconds


def _questions(plan: Plan, people: People, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """When questions are asked, and by whom."""
    most = int(people.count(np.unique(people.joined)).max())
    hour = np.arange(WEEK)
    pattern = ((hour % 24 >= 9) & (hour % 24 < 17) & (hour < 120)) * np.where(hour // 24 == 1, 2.0, 1.0)
    weight = (1 - plan.rhythm) / WEEK + plan.rhythm * pattern / pattern.sum()
    monday = -plan.opening.weekday() * 86_400
    weeks = int(np.ceil((plan.span - monday) / (7 * 86_400)))
    total = rng.poisson(plan.questions * most * weeks * 7 * 86_400 / YEAR)
    at = monday + rng.integers(0, weeks, total) * 7 * 86_400 + rng.choice(WEEK, total, p=weight) * 3600
    at = np.sort(at + rng.integers(0, 3600, total))
    luck, who = rng.random(total), rng.random(total)
    keep = (at >= 0) & (at < plan.span)
    keep &= luck * most < people.count(at)  # as many questions as members present
    at, who = at[keep], who[keep]
    weights = people.asks * ((people.joined <= at[:, None]) & (at[:, None] < people.left))
    cumulative = weights.cumsum(axis=1)
    asker = (cumulative <= (who * cumulative[:, -1])[:, None]).sum(axis=1) if len(at) else np.zeros(0, dtype=np.int64)
    return at, asker


def _answerers(
    plan: Plan, people: People, standing: np.ndarray, when: np.ndarray, askers: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Who answers: draws from the choice model, one after the other, since each changes the next."""
    theta = plan.answer_effects
    n = len(people)
    told = np.zeros((n, n))  # log(1 + answers that row gave column)
    count = np.zeros((n, n))
    period = np.searchsorted(plan.opens, when, "right")
    luck = rng.random(len(when))
    chosen = np.empty(len(when), dtype=np.int64)
    for k, (t, j) in enumerate(zip(when.tolist(), askers.tolist(), strict=True)):
        score = theta["inertia"] * told[:, j] + theta["reciprocity"] * told[j]
        score += theta["same cohort"] * (people.cohort == people.cohort[j])
        score += theta["tenure"] * (t - people.joined) / YEAR + theta["efficacy"] * standing[period[k]]
        score[~people.here(t)] = -np.inf
        score[j] = -np.inf
        odds = np.exp(score - score.max()).cumsum()
        i = int(odds.searchsorted(luck[k] * odds[-1], "right"))
        chosen[k] = i
        count[i, j] += 1
        told[i, j] = np.log1p(count[i, j])
    return chosen


def _record_tables(
    plan: Plan, people: People, record: pd.DataFrame, words: np.ndarray | None
) -> dict[str, pd.DataFrame]:
    """Events, messages and spaces."""
    ids = np.concatenate([people.ids, [f"bot{k + 1}" for k in range(plan.bots)]]).astype(object)
    kind, actor, other = record["kind"].to_numpy(), record["actor"].to_numpy(), record["other"].to_numpy()
    time = plan.stamp(record["seconds"].to_numpy())
    private = kind == "thanks"
    writes = ~private
    name = np.full(len(record), None, dtype=object)
    name[writes] = [f"x{k + 1:05d}" for k in range(int(writes.sum()))]
    present = people.count(record["seconds"].to_numpy())
    audience = np.where(private, 1, present - (actor < len(people)))
    space = np.select([kind == "thanks", np.isin(kind, ["question", "answer"])], ["direct", "help"], "plaza")
    mode = np.select([audience == 1, audience <= 7], ["1:1", "1:few"], "1:many")
    events = pd.DataFrame({"time": time, "sender": ids[actor], "receiver": np.where(other < 0, None, ids[other])})
    events = events.assign(kind=kind, space=space, audience=pd.array(audience, dtype="Int64"), mode=mode)
    events = events.assign(weight=1.0, message=name)
    parent = record["parent"].to_numpy()
    reply = np.where(parent < 0, None, name[parent])
    messages = pd.DataFrame({"message": name, "time": time, "author": ids[actor], "space": space})
    messages = messages.assign(thread=np.where(parent < 0, name, reply), reply_to=reply, kind=kind)
    messages = messages.assign(audience=events["audience"], text=words, lang="art")[writes]
    if words is not None:
        silent = people.ids[people.consent == "metadata"]
        messages["text"] = messages["text"].where(~messages["author"].isin(silent))
    spaces = pd.DataFrame(
        {"space": ["help", "plaza", "direct"], "kind": ["forum", "forum", "dm"]},
    ).assign(visibility=["restricted", "public", "private"])
    return {"events": events, "messages": messages.set_index("message"), "spaces": spaces.set_index("space")}


# --- language --------------------------------------------------------------------------------------------------


def _lexicon(count: int, rng: np.random.Generator) -> np.ndarray:
    """Invented words of two to four syllables, all different, shorter ones first."""
    onsets, vowels, last = (np.array(list(letters)) for letters in SYLLABLES)
    words: dict[str, None] = {}
    while len(words) < count:
        size = 2 if len(words) < 300 else 3 if len(words) < 1400 else 4
        open_ = [rng.choice(onsets) + rng.choice(vowels) for _ in range(size - 1)]
        words["".join(open_) + rng.choice(onsets) + rng.choice(last)] = None
    return np.array(list(words), dtype=object)


def _language_date(plan: Plan, joined: np.ndarray, seconds: np.ndarray | int) -> np.ndarray:
    """The date g, in years since the start, whose language is spoken at an instant by who joined then."""
    tenure = (seconds - joined) / YEAR
    if plan.acculturation == 0:
        return joined / YEAR + 0 * tenure
    return joined / YEAR + tenure + np.expm1(-plan.acculturation * tenure) / plan.acculturation


def _texts(
    plan: Plan, people: People, record: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, Any]]:
    """The text of each act (None where nothing is written) and the truth about the words.

    All messages are written at once, one position after the other. Positions of words: base, cohorts',
    innovations (the first twelve are in use at the start), first person.
    """
    kind, actor = record["kind"].to_numpy(), record["actor"].to_numpy()
    rows = np.flatnonzero(kind != "thanks")
    person = np.minimum(actor[rows], len(people) - 1)
    seconds = record["seconds"].to_numpy()[rows]
    machine = actor[rows] >= len(people)
    joined = np.where(machine, seconds, people.joined[person])  # a bot has no past: it speaks the language of the day
    date = _language_date(plan, joined, seconds)
    newness = np.exp(-plan.acculturation * (seconds - joined) / YEAR)
    newness[machine] = 0.0
    months = int(np.ceil(plan.span / YEAR * 12)) + 12
    n_own = TYPES + BROUGHT * len(people.cohorts)
    lexicon = np.concatenate([_lexicon(n_own + months, rng), FIRST_PERSON])
    zipf = 1 / (np.arange(TYPES) + 2.7)
    axis, axes = rng.normal(size=TYPES), rng.normal(size=(HABITS, TYPES))
    follow = rng.choice(TYPES, (len(lexicon), FOLLOWERS), p=zipf / zipf.sum())
    length = rng.integers(15, 61, len(rows)) if len(rows) else np.zeros(0, dtype=np.int64)
    tilt = (plan.habits * newness)[:, None] * people.habits[person]
    fresh = _base_words(zipf, plan.language_drift * date[:, None] * axis, tilt, axes, rng)
    shape = fresh.shape
    own = TYPES + BROUGHT * people.cohort[person][:, None] + rng.integers(0, BROUGHT, shape)
    recent = n_own + np.floor(date * 12).astype(np.int64)[:, None] + 11 - rng.integers(0, 12, shape)
    me = n_own + months + rng.choice(len(FIRST_PERSON), shape, p=[0.4, 0.15, 0.15, 0.2, 0.1])
    sort, chain = rng.random(shape), rng.random(shape) < plan.bigram
    next_word = rng.integers(0, FOLLOWERS, shape)
    share = np.where(machine, 0.0, plan.cohort_words)[:, None]
    upto = share + plan.innovations
    upto_me = upto + (plan.first_person * (1 + newness) / 2 * ~machine)[:, None]
    tokens = np.empty(shape, dtype=np.int64)
    for p in range(shape[1]):
        word = np.where(chain[:, p], follow[tokens[:, p - 1], next_word[:, p]], fresh[:, p]) if p else fresh[:, p]
        pick = sort[:, p]
        word = np.where(pick < upto_me[:, 0], me[:, p], word)
        word = np.where(pick < upto[:, 0], recent[:, p], word)
        tokens[:, p] = np.where(pick < share[:, 0], own[:, p], word)
    words = np.full(len(record), None, dtype=object)
    for row, (line, size) in enumerate(zip(tokens, length.tolist(), strict=True)):
        words[rows[row]] = " ".join(lexicon[line[:size]]) + ("?" if kind[rows[row]] == "question" else ".")
    dates = np.array([_language_date(plan, people.joined, int(t)) for t in plan.opens])
    truth = {
        "steps": _steps(dates, people.present),
        "language_dates": [_mean(row[here]) for row, here in zip(dates, people.present, strict=True)],
        "cohort_words": {
            c: lexicon[TYPES + BROUGHT * k : TYPES + BROUGHT * (k + 1)].tolist() for k, c in enumerate(people.cohorts)
        },
        "innovations": [[w, (k - 11) / 12] for k, w in enumerate(lexicon[n_own : n_own + months].tolist())],
        "first_person": list(FIRST_PERSON),
        "types": len(lexicon),
    }
    return words, truth


def _base_words(
    zipf: np.ndarray, drifted: np.ndarray, tilt: np.ndarray, axes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Independent draws from each message's own distribution over base words, shape (n_messages, 60)."""
    out = np.empty((len(tilt), 60), dtype=np.int64)
    for first in range(0, len(tilt), 500):  # a block of messages at a time keeps memory small
        block = slice(first, first + 500)
        mass = (zipf * np.exp(drifted[block] + tilt[block] @ axes)).cumsum(axis=1)
        mass /= mass[:, -1:]
        lift = np.arange(len(mass))[:, None]  # row r lives in (r, r + 1], so that one sorted search serves all rows
        place = np.searchsorted((mass + lift).ravel(), (rng.random((len(mass), 60)) + lift).ravel(), "right")
        out[block] = np.minimum(place.reshape(len(mass), 60) - lift * len(zipf), len(zipf) - 1)
    return out


# --- truth -----------------------------------------------------------------------------------------------------


def _identity_truth(plan: Plan, people: People, identity: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """What an estimator of identity drift aims at."""
    mean = _identity_mean(plan, people)
    free = plan.exit_selection == 0  # else who stays differs from who came, and the expectation is another
    points = _expected_score(mean, plan.identity_sd**2 + plan.identity_noise**2, plan.scales["identity"])
    by_cohort = {
        name: {
            "members": int((people.cohort == c).sum()),
            "means": [_mean(row[here & (people.cohort == c)]) for row, here in zip(identity, people.present, strict=True)],
        }
        for c, name in enumerate(people.cohorts)
    }
    return {
        "drift": plan.drift,
        "replacement": plan.replacement,
        "means": [_mean(row[here]) for row, here in zip(identity, people.present, strict=True)],
        "score_means": [_mean(row[here]) for row, here in zip(scores, people.present, strict=True)],
        "cohort_means": by_cohort,
        "steps": {
            "latent": _steps(identity, people.present),
            "score": _steps(scores, people.present),
            "expected_latent": _steps(mean, people.present) if free else None,
            "expected_score": _steps(points, people.present) if free else None,
        },
    }


def _expected_score(mean: np.ndarray, variance: float, loading: Sequence[float]) -> np.ndarray:
    """Expected scale score of a normal trait: each item is 1 plus the cuts that it is expected to pass."""
    from scipy.special import ndtr

    lam = np.asarray(loading)[:, None]
    cuts = _difficulty(loading)[:, None] + CUTS
    above = (lam * mean[..., None, None] - cuts) / np.sqrt(lam**2 * variance + 1 - lam**2)
    return 1.0 + ndtr(above).sum(axis=-1).mean(axis=-1)


def _steps(values: np.ndarray, present: np.ndarray) -> list[dict[str, float | int | None]]:
    """Total, within, entry and exit from each wave (labelled from 1) to the next; None where nobody stays."""
    out: list[dict[str, float | int | None]] = []
    for w in range(len(values) - 1):
        a, b = present[w], present[w + 1]
        stay = a & b
        step: dict[str, float | int | None] = {"from": w + 1, "to": w + 2, "stayers": int(stay.sum())}
        if stay.any():
            before, after = values[w][a].mean(), values[w + 1][b].mean()
            old, new = values[w][stay].mean(), values[w + 1][stay].mean()
            parts = {"total": after - before, "within": new - old, "entry": after - new, "exit": old - before}
            step |= {k: float(v) for k, v in parts.items()}
        else:
            step |= dict.fromkeys(("total", "within", "entry", "exit"))
        out.append(step)
    return out
