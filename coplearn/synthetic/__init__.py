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
for advice; similarity is centred at its mean among strangers, :math:`1 - 1 / (2 \sqrt{\pi})`). Efficacy here is that
of the last wave, or on joining for who has seen no wave. Joiners enter without ties, the ties of leavers vanish. Before
the first wave, founders start without ties and get 20 chances each.

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

:func:`leadership_panel` is another design, a team of leaders at yearly waves; its equations are in
:mod:`coplearn.synthetic.leadership`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from coplearn._checks import seed_sequence
from coplearn.community import Community
from coplearn.synthetic.acts import record_acts, record_tables
from coplearn.synthetic.leadership import LEADER_TIES, leadership_panel
from coplearn.synthetic.members import member_table, membership
from coplearn.synthetic.plan import ANSWERING, LOADINGS, NETWORKS, Plan, plain
from coplearn.synthetic.states import coevolution, identity_states
from coplearn.synthetic.survey import item_truth, survey
from coplearn.synthetic.truth import identity_truth, means_by_wave
from coplearn.synthetic.words import write_texts

__all__ = [
    "ANSWERING",
    "LEADER_TIES",
    "LOADINGS",
    "NETWORKS",
    "Plan",
    "community",
    "community_tables",
    "leadership_panel",
]

SAOM_NAMES = {
    "rate": "rate",
    "outdegree": "outdegree (density)",
    "reciprocity": "reciprocity (recip)",
    "transitive triplets": "transitive triplets (transTrip)",
    "same cohort": "same cohort (sameX)",
    "similarity efficacy": "similarity efficacy (simX)",
}


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
    said = [f"{k}={plain(v)!r}" for k, v in given.items() if k != "name" and (plain(v) != default[k] or k == "seed")]
    truth = {"call": f"coplearn.synthetic.community({', '.join([repr(name), *said])})", **truth}
    about = {"title": f"Synthetic community {name!r}", "source": "coplearn.synthetic.community", "licence": "CC0-1.0"}
    last = plan.closing - pd.Timedelta(seconds=1)  # the end belongs to the observation, the closing date does not
    return Community(name, **tables, start=plan.opening, end=last, truth=truth, about=about)


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
    streams = [np.random.default_rng(s) for s in seed_sequence(plan.seed).spawn(7)]
    people = membership(plan, streams[0])
    identity = identity_states(plan, people, streams[1])
    efficacy, networks = coevolution(plan, people, streams[2], streams[3])
    tables, scores = survey(plan, people, {"efficacy": efficacy, "identity": identity}, networks, streams[4])
    truth: dict[str, Any] = {
        "parameters": plain({**asdict(plan), "networks": plan.tie_effects, "answering": plan.answer_effects})
        | {"loadings": plain(plan.scales)},
        "identity": identity_truth(plan, people, identity, scores["identity"]),
        "efficacy": {
            "stability": plan.stability,
            "influence": plan.influence,
            "noise_sd": float(np.sqrt(1 - plan.stability**2)),
            "means": means_by_wave(efficacy, people.present),
        },
        "saom": {n: {SAOM_NAMES[k]: v for k, v in e.items()} for n, e in plan.tie_effects.items()},
        "items": {s: item_truth(plan, s) for s in plan.scales},
        "latent": {
            "members": list(people.ids),
            "identity": plain(np.where(people.present, identity, np.nan).round(4)),
            "efficacy": plain(np.where(people.present, efficacy, np.nan).round(4)),
            "efficacy_at_entry": plain(people.entry_efficacy.round(4)),
        },
    }
    tables["members"] = member_table(plan, people)
    if plan.events:
        record, truth["answers"] = record_acts(plan, people, people.standing(efficacy), streams[5])
        words, truth["language"] = write_texts(plan, people, record, streams[6]) if plan.text else (None, None)
        tables |= record_tables(plan, people, record, words)
    return tables, truth
