"""The same question to an event model and to an actor-oriented panel model.

The events of a community, and the waves that they add up to (``Community.panel(ties_from="answer")``), are two records
of one process. An event model says what raises the rate of the next event; an actor-oriented model says what makes ties
come and stay. Their estimates are on different scales, and their signs and certainty can be compared: where both see
the same sign, the conclusion does not hang on how the record was cut; where they differ, it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coplearn import plots
from coplearn._checks import choose, plural
from coplearn.effects.spec import Effect
from coplearn.event_design import label

__all__ = ["SideBySide", "side_by_side"]

# event effect: network effects that ask the same, and -1 where a large value means the opposite
_SAME: dict[str, dict[str, int]] = {
    "reciprocity": {"reciprocity": 1},
    "tie": {"with": 1},
    "otp": {"transitive_triplets": 1, "transitive_ties": 1, "gwesp_forward": 1},
    "itp": {"three_cycles": 1, "gwesp_backward": 1},
    "osp": {"gwesp_shared_choices": 1},
    "isp": {"gwesp_shared_choosers": 1},
    "indegree_receiver": {"indegree_popularity": 1, "indegree_popularity_root": 1},
    "outdegree_receiver": {"outdegree_popularity": 1, "outdegree_popularity_root": 1},
    "indegree_sender": {"indegree_activity": 1, "indegree_activity_root": 1},
    "outdegree_sender": {"outdegree_activity": 1, "outdegree_activity_root": 1},
    "sender": {"ego": 1},
    "receiver": {"alter": 1},
    "same": {"same": 1},
    "difference": {"difference_absolute": 1, "similarity": -1},
}
_CLEAR = 1.96
_LITTLE_OVERLAP = 0.2
_WHY = (
    "Where they differ: events count every act, in their order, from a history that only grows; waves keep whether "
    "there was an act within a window, explain its coming and its staying at once, and forget it when the window ends."
)


@dataclass(frozen=True, eq=False)
class SideBySide:
    """What an event model and a panel model conclude, question by question.

    Attributes
    ----------
    events, panel : results
        Of the two fits.
    rows : DataFrame
        What :meth:`table` returns.
    direction : ndarray of int
        -1 in the rows where a large value of the panel effect is a small one of the event effect, otherwise 1.
    """

    events: Any
    panel: Any
    rows: pd.DataFrame
    direction: np.ndarray

    def table(self) -> pd.DataFrame:
        """A row for each question that both models ask.

        Returns
        -------
        DataFrame
            ``event effect``, ``estimate`` and ``z``; ``panel effect``, ``panel estimate`` and ``panel z``;
            ``conclusion``: "same sign" and "opposite signs" where both are beyond 1.96 standard errors, "events only",
            "panel only", "neither", or "unknown" where one has no standard error. A panel effect of similarity is
            compared with the opposite sign of an event effect of difference.
        """
        return self.rows.copy()

    def summary(self) -> str:
        """Plain text: the table, where the two agree and where not, and what must be known to read a difference."""
        table = self.rows.drop(columns="conclusion").round(2)
        lines = [
            f"Two records side by side    {plural(self.events.nobs, 'event')}; "
            f"{', '.join(self._networks())}: {plural(len(self.panel.model.panel.waves), 'wave')}",
            table.assign(conclusion=self.rows["conclusion"]).to_string(index=False),
        ]
        for conclusion, rows in self.rows.groupby("conclusion", sort=False):
            lines.append(f"{conclusion}: {'; '.join(rows['event effect'].unique())}")
        lines.append(_WHY)
        return "\n".join([*lines, *(f"caveat: {c}" for c in self._caveats())])

    def _networks(self) -> list[str]:
        """The networks of the panel model that were compared."""
        parameters = {p.name: p.variable for p in self.panel.model.parameters}
        return list(dict.fromkeys(parameters[name] for name in self.rows["panel effect"]))

    def _caveats(self) -> list[str]:
        caveats = []
        for name, result in (("event", self.events), ("panel", self.panel)):
            if not result.converged:
                caveats.append(f"the fit of the {name} model did not converge.")
        for network in self._networks():
            overlap = self.panel.model.panel.networks[network].table()["jaccard"].min()
            if overlap < _LITTLE_OVERLAP:
                caveats.append(
                    f"successive waves of {network} share as little as {overlap:.2f} of their ties (Jaccard): there is "
                    "little that stays, and the panel model leans on it."
                )
        return caveats

    def plot(self, ax: Any = None) -> Any:
        """The z-values of both models, a row a question; within the grey band an effect is not told from none."""
        rows = self.rows.assign(waves=self.rows["panel z"] * self.direction).iloc[::-1].reset_index(drop=True)
        ax = plots.axes(ax, (7.0, 1.0 + 0.5 * len(rows)))
        ax.axvspan(-_CLEAR, _CLEAR, color="0.93", zorder=0)
        ax.axvline(0, color=plots.GREY, linewidth=0.8, zorder=1)
        for lift, color, name, z in ((0.13, "black", "events", rows["z"]), (-0.13, "#4C72B0", "waves", rows["waves"])):
            y = rows.index + lift
            ax.hlines(y, 0, z, color=color, linewidth=1.4, zorder=2)
            ax.scatter(z, y, color=color, s=26, zorder=3)
            top = float(z.iloc[-1])
            side = 1 if top >= 0 else -1
            ax.annotate(
                name, (top, y[-1]), (7 * side, 0), textcoords="offset points", va="center", color=color, fontsize=9,
                ha="left" if side > 0 else "right",
            )  # fmt: skip
        ax.set_yticks(rows.index, rows["event effect"])
        ax.set(xlabel="z", ylim=(-0.6, len(rows) - 0.4))
        ax.margins(x=0.12)
        return ax

    def __repr__(self) -> str:
        return self.summary()


def side_by_side(events: Any, panel: Any, network: str | None = None) -> SideBySide:
    """Lay the conclusions of an event model and of an actor-oriented model beside each other.

    Effects ask the same where they are about the same structure and the same variables, whatever their memory or
    transform: ``fx.otp(log=True)`` and ``fx.gwesp_forward()``, ``fx.receiver("tenure")`` and ``fx.alter("tenure")``.
    A baseline and a density are on no common scale and are not compared.

    Parameters
    ----------
    events : results of REM or DyNAM
    panel : results of SAOM
    network : str, optional
        The network of the panel model that the events made, where it explains several.

    Returns
    -------
    SideBySide
        With ``table()``, ``summary()`` and ``plot()``.

    Raises
    ------
    ValueError
        If the models have no question in common, or the panel model explains no network of that name.

    Examples
    --------
    >>> from coplearn import effects as fx
    >>> guild = cl.datasets.load_guild().between("2020-01-01", "2022-01-01")
    >>> acts = cl.REM(guild.events("thanks"), [fx.reciprocity(log=True), fx.same("cohort")]).fit()
    >>> panel = guild.panel(ties_from="thanks", covariates="cohort", every="year")
    >>> waves = cl.SAOM(panel, {"thanks": [fx.outdegree(), fx.reciprocity(), fx.same("cohort")]}).fit(seed=1)
    >>> both = cl.side_by_side(acts, waves)
    >>> both.table().set_index("event effect")["conclusion"].to_dict()
    {'reciprocity, log': 'same sign', 'same cohort': 'same sign'}
    """
    explained = list(panel.model.panel.networks)
    if network is not None:
        explained = [choose(network, explained, "network of the panel model")]
    rows, direction = [], []
    for part in events._parts():
        for effect in part.model.effects:
            mine = label(effect)
            if mine not in part.params.index:
                continue  # one column a level
            for parameter in panel.model.parameters:
                if parameter.variable not in explained or parameter.name not in panel.params.index:
                    continue
                sign = _direction(effect, parameter.effect)
                if not sign:
                    continue
                z = float(part.tvalues[mine])
                theirs = float(panel.tvalues[parameter.name])
                direction.append(sign)
                rows.append(
                    {
                        "event effect": mine,
                        "estimate": float(part.params[mine]),
                        "z": z,
                        "panel effect": parameter.name,
                        "panel estimate": float(panel.params[parameter.name]),
                        "panel z": theirs,
                        "conclusion": _conclusion(z, sign * theirs),
                    }
                )
    if not rows:
        raise ValueError("the two models have no effect in common; reciprocity, otp and same(...) are good candidates.")
    return SideBySide(events, panel, pd.DataFrame(rows), np.array(direction))


def _direction(one: Effect, other: Effect | None) -> int:
    """1 where both effects ask the same, -1 where one asks the opposite, 0 where they ask different things."""
    if other is None or one.parts or other.parts or one.variables != other.variables:
        return 0
    if one.option("kind") is not None or other.option("type", "eval") != "eval":
        return 0
    return _SAME.get(one.name, {}).get(other.name, 0)


def _conclusion(one: float, other: float) -> str:
    if np.isnan([one, other]).any():
        return "unknown"
    clear = abs(one) > _CLEAR, abs(other) > _CLEAR
    if all(clear):
        return "same sign" if one * other > 0 else "opposite signs"
    return {(True, False): "events only", (False, True): "panel only"}.get(clear, "neither")
