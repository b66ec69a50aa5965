r"""Attrition: who is not heard of at the next wave.

A member present at wave t may have left the community by t + 1, or be there and not answer. Both are a discrete-time
hazard,

.. math:: \operatorname{logit} P(\text{gone}_{i,t+1} \mid \text{present}_{it}) = \alpha_t + \beta y_{it} + \gamma' z_i,

fitted by logistic regression over members and waves, with errors clustered by member (Singer & Willett 1993). If those
who think differently leave, a mean of who remains drifts although nobody changes (:mod:`coplearn.drift`), and models
that take what is missing as missing at random need what predicts it among their predictors.

References
----------
Singer & Willett (1993), Journal of Educational Statistics 18(2), 155-195, doi:10.3102/10769986018002155.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural
from coplearn.community import Community
from coplearn.dyads import logistic, separating
from coplearn.results import Estimates

__all__ = ["Attrition", "attrition"]

KINDS = {"gone": "left or did not answer", "left": "left", "silent": "was there and did not answer"}
FEW = 10  # events a parameter below which estimates are unstable (caveat)


@dataclass(frozen=True, eq=False)
class Attrition(Estimates):
    """Estimates of who is not heard of at the next wave, in log odds.

    Attributes
    ----------
    kind : str
        ``"left"``, ``"silent"`` or ``"gone"`` (either).
    scale : str
    rates : DataFrame
        Indexed by wave (from which): at_risk, gone, share.
    """

    kind: str
    scale: str
    rates: pd.DataFrame

    def odds_ratios(self) -> pd.DataFrame:
        """Odds ratios with 95 % intervals, without the waves."""
        kept = [n for n in self.params.index if not n.startswith("wave ")]
        return np.exp(self.table().loc[kept, ["estimate", "low", "high"]]).rename(columns={"estimate": "odds ratio"})

    def summary(self) -> str:
        """Plain text: rates, estimates, claim and caveats."""
        lines = [
            f"Attrition: who {KINDS[self.kind]} at the next wave    {plural(self.nobs, 'member-wave')}, "
            f"{plural(int(self.rates['gone'].sum()), 'time')} gone",
            self.rates.to_string(float_format=lambda v: f"{v:.3f}"),
            self.table().to_string(float_format=lambda v: f"{v:.3f}"),
            f"claim: {self.claim}",
        ]
        return "\n".join([*lines, *(f"caveat: {c}" for c in self.caveats)])

    def __repr__(self) -> str:
        return self.summary()


def attrition(community: Community, scale: str, covariates: Sequence[str] = (), kind: str = "gone") -> Attrition:
    """Who leaves, or stops answering, by what they answered and who they are.

    Parameters
    ----------
    community : Community
    scale : str
        Scale (or item) answered at the wave before; members without a score are not at risk.
    covariates : sequence of str
        Columns of `members`; labels enter as one effect a label beyond the first.
    kind : {"gone", "left", "silent"}
        Not heard of at the next wave for either reason; not a member any more; or a member without a score.

    Returns
    -------
    Attrition

    Raises
    ------
    ValueError
        For an unknown scale or column, one wave, nobody (or everybody) gone, or predictors that determine one another
        or separate who is gone from who is not.

    Examples
    --------
    >>> from coplearn.synthetic import leadership_panel
    >>> leaders = leadership_panel(seed=2, n=200, waves=4, exit_selection=-0.8)
    >>> result = attrition(leaders, "efficacy", kind="left")
    >>> bool(result.conf_int().loc["efficacy", "high"] < 0)
    True
    """
    from statsmodels.discrete.discrete_model import Logit

    choose(kind, list(KINDS), "kind of attrition")
    rows = _at_risk(community, scale, kind)
    columns, left_out = _columns(community, rows, scale, covariates)
    y, x = columns.pop("gone"), np.column_stack(list(columns.values()))
    index = pd.Index(list(columns))
    if np.linalg.matrix_rank(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)) < x.shape[1]:
        raise ValueError(f"{listing(index, 8)} determine one another; drop one of them.")
    beta, _, _, settled = logistic(x, y)
    if not settled:  # errors clustered by member would be tiny for a coefficient that has no end
        raise ValueError(
            f"no finite coefficients: {separating(x, beta, index[1:])} tell without error who is gone or who stays, "
            "for some at least (separation). Leave out or combine predictors."
        )
    members = pd.factorize(rows.loc[rows["known"], "member"])[0]
    fit = Logit(y, x).fit(disp=0, cov_type="cluster", cov_kwds={"groups": members})
    by_wave = rows[rows["known"]].groupby("wave", sort=False)["gone"]
    rates = pd.DataFrame({"at_risk": by_wave.size(), "gone": by_wave.sum().astype(int), "share": by_wave.mean()})
    return Attrition(
        pd.Series(fit.params, index=index, name="estimate"),
        pd.DataFrame(fit.cov_params(), index, index),
        len(y),
        "adjusted association" if len(covariates) else "descriptive",
        tuple(_caveats(y, x, left_out, bool(fit.mle_retvals["converged"]))),
        kind=kind,
        scale=scale,
        rates=rates,
    )


def _at_risk(community: Community, scale: str, kind: str) -> pd.DataFrame:
    """Members with a score at a wave that is not the last: member, wave, score, gone."""
    scores = community.scores(scale)
    waves = list(community.waves.index)
    if len(waves) < 2:
        raise ValueError(f"attrition needs two waves or more; there is {len(waves)}.")
    there = scores.pivot(index="member", columns="wave", values=scale).reindex(columns=waves)
    present = scores.assign(here=True).pivot(index="member", columns="wave", values="here").reindex(columns=waves)
    here = present.notna().to_numpy()
    answered = there.notna().to_numpy()
    parts = []
    for w in range(len(waves) - 1):
        gone = {"gone": ~answered[:, w + 1], "left": ~here[:, w + 1], "silent": ~answered[:, w + 1]}[kind]
        risk = answered[:, w] & (here[:, w + 1] if kind == "silent" else True)
        score = there.to_numpy()[risk, w]
        parts.append(pd.DataFrame({"member": there.index[risk], "wave": waves[w], "score": score, "gone": gone[risk]}))
    rows = pd.concat(parts, ignore_index=True)
    if len(rows) == 0 or rows["gone"].nunique() < 2:
        many = "nobody" if len(rows) == 0 else "everybody" if rows["gone"].all() else "nobody"
        raise ValueError(f"{many} of {plural(len(rows), 'member-wave')} {KINDS[kind]}; there is nothing to explain.")
    return rows


def _columns(
    community: Community, rows: pd.DataFrame, scale: str, covariates: Sequence[str]
) -> tuple[dict[str, np.ndarray], int]:
    """Columns of the regression, and how many rows lack a covariate; marks in `rows` which are known."""
    people = community.members
    values = {
        name: people[choose(name, list(people.columns), "covariate")].reindex(rows["member"]) for name in covariates
    }
    known = np.ones(len(rows), dtype=bool)
    for column in values.values():
        known &= column.notna().to_numpy()
    rows["known"] = known
    used = rows[known]
    columns = {"gone": used["gone"].to_numpy(dtype=float), "intercept": np.ones(len(used))}
    columns[scale] = used["score"].to_numpy() - used["score"].mean()
    for name, column in values.items():
        column = column[known]
        if pd.api.types.is_datetime64_any_dtype(column):
            raise ValueError(
                f"covariate {name!r} is a date; put a number of your own, such as years since then, beside it."
            )
        if pd.api.types.is_numeric_dtype(column):
            columns[name] = column.to_numpy(dtype=float) - column.mean()
        else:
            for label in sorted(column.unique())[1:]:
                columns[f"{name} {label}"] = (column == label).to_numpy(dtype=float)
    for wave in list(dict.fromkeys(used["wave"]))[1:]:
        columns[f"wave {wave}"] = (used["wave"] == wave).to_numpy(dtype=float)
    return columns, int((~known).sum())


def _caveats(y: np.ndarray, x: np.ndarray, left_out: int, converged: bool) -> Iterator[str]:
    events = int(min(y.sum(), len(y) - y.sum()))
    if not converged:
        yield "the likelihood search did not settle: read the estimates as a place on the way."
    if events < FEW * x.shape[1]:
        yield f"{plural(events, 'event')} for {plural(x.shape[1], 'parameter')}: estimates are unstable."
    if left_out:
        yield f"{plural(left_out, 'member-wave')} without a covariate left out."
    yield "numbers are centred at their means, so the intercept is an average member at the first wave."
    yield "who left because of what they would have answered later cannot be seen; see pattern_mixture."
