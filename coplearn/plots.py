"""Figures: a table is drawn on `ax`, `ax` comes back. Nothing here knows a model.

Grey is the default, colour is meaning: a cohort keeps its colour wherever it appears (`cohort_colors`), lines
and areas are labelled where they are, and an interval is drawn whenever there is one. No global style changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["GREY", "axes", "cohort_colors", "decomposition", "network", "stacked", "trajectory"]

GREY = "0.45"
COMPONENTS = {
    "within": "#4C72B0",
    "entry": "#DD8452",
    "exit": "#937860",
    "nonresponse": "#BBBBBB",
}


def axes(ax: Any = None, size: tuple[float, float] = (7.0, 3.6)) -> Any:
    """`ax`, or a new one without top and right spines."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def cohort_colors(names: Sequence[str]) -> dict[str, Any]:
    """A colour for each cohort, from the oldest (dark) to the youngest (light)."""
    import seaborn as sns

    return dict(zip(names, sns.color_palette("viridis", len(names)), strict=True))


def stacked(table: pd.DataFrame, ax: Any = None, ylabel: str = "") -> Any:
    """Stacked areas, one a column, the first at the bottom, each named at the right edge.

    Parameters
    ----------
    table : DataFrame
        Rows are windows in order, columns cohorts; counts.
    """
    ax = axes(ax)
    names = list(table.columns)
    colors = cohort_colors(names)
    last = len(table) - 1
    bands = ax.stackplot(np.arange(len(table)), table.to_numpy().T, linewidth=0.3, edgecolor="white")
    for band, name in zip(bands, names, strict=True):
        band.set_facecolor(colors[name])
    top = table.cumsum(axis=1).to_numpy()
    height = float(top[:, -1].max(initial=1))
    middle = top[-1] - table.iloc[-1].to_numpy() / 2
    for name, start, place in zip(names, middle, _spread(middle, 0.06 * height), strict=True):
        ax.plot([last, 1.025 * last], [start, place], color=colors[name], linewidth=1.5, clip_on=False)
        ax.text(1.03 * last, place, str(name), va="center", fontsize=8)
    _label_windows(ax, table.index)
    ax.set(ylabel=ylabel, xlim=(0, max(last, 1)), ylim=(0, 1.02 * height))
    return ax


def _spread(places: np.ndarray, gap: float) -> np.ndarray:
    """Ascending places moved apart until neighbours are `gap` away from each other, the lowest not below gap / 2."""
    moved = np.maximum(places, gap / 2)
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + gap)
    return moved


def _label_windows(ax: Any, index: pd.Index, most: int = 12) -> None:
    step = max(1, int(np.ceil(len(index) / most)))
    places = np.arange(0, len(index), step)
    ax.set_xticks(places, [str(index[p]) for p in places])
    if index.name:
        ax.set_xlabel(str(index.name))


def decomposition(
    table: pd.DataFrame, intervals: pd.DataFrame | None = None, ax: Any = None, ylabel: str = "change"
) -> Any:
    """Bars of the parts of each change, stacked up from and down from zero, with the total as a dot.

    Parameters
    ----------
    table : DataFrame
        Rows are steps; columns total and the parts.
    intervals : DataFrame, optional
        Rows are steps; columns low and high of the total.
    """
    ax = axes(ax)
    x = np.arange(len(table))
    above, below = np.zeros(len(table)), np.zeros(len(table))
    parts = [c for c in COMPONENTS if c in table.columns and (table[c].abs() > 0).any()]
    for part in parts:
        values = table[part].fillna(0).to_numpy()
        base = np.where(values >= 0, above, below)
        ax.bar(x, values, bottom=base, width=0.6, color=COMPONENTS[part], label=part, zorder=2)
        above, below = above + np.maximum(values, 0), below + np.minimum(values, 0)
    total = table["total"].to_numpy()
    ax.plot(x, total, "o", color="black", markersize=5, label="total", zorder=4)
    if intervals is not None:
        ax.vlines(x, intervals["low"], intervals["high"], color="black", linewidth=1.2, zorder=3)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.set(ylabel=ylabel)
    names = [str(i) for i in table.index]
    if max(map(len, names), default=0) > 10:  # long names of waves stand on two lines
        names = [name.replace(" to ", "\nto ") for name in names]
    ax.set_xticks(x, names, rotation=0 if len(table) <= 8 else 60)
    ax.tick_params(axis="x", labelsize=8 if len(table) > 4 else 9)
    ax.legend(frameon=False, ncols=len(parts) + 1, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=9)
    return ax


def trajectory(table: pd.DataFrame, ax: Any = None, ylabel: str = "", labels: bool = True) -> Any:
    """Lines over windows, one a column, labelled at their ends; low and high bands where given.

    Parameters
    ----------
    table : DataFrame
        Rows are windows; columns are lines, or (line, "value" | "low" | "high").
    """
    ax = axes(ax)
    names = list(dict.fromkeys(c[0] if isinstance(c, tuple) else c for c in table.columns))
    colors = cohort_colors(names) if len(names) > 1 else {names[0]: GREY}
    x = np.arange(len(table))
    for name in names:
        banded = isinstance(table.columns, pd.MultiIndex)
        values = (table[name]["value"] if banded else table[name]).to_numpy(dtype=float)
        ax.plot(x, values, color=colors[name], linewidth=1.6)
        if banded:
            low, high = (table[name][edge].to_numpy(dtype=float) for edge in ("low", "high"))
            ax.fill_between(x, low, high, color=colors[name], alpha=0.2, linewidth=0)
        known = np.flatnonzero(~np.isnan(values))
        if labels and known.size:
            ax.annotate(
                name,
                (x[known[-1]], values[known[-1]]),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=colors[name],
            )
    _label_windows(ax, table.index)
    ax.set(ylabel=ylabel)
    return ax


def network(graph: Any, color: dict[str, Any], ax: Any = None, seed: int = 0, title: str = "") -> Any:
    """The inner part of a network: members tied to two or more others who are so, too (its 2-core).

    Parameters
    ----------
    graph : networkx.DiGraph
        Edges carry ``weight``.
    color : dict
        Node to colour; grey where absent.
    seed : int
        Of the layout.
    title : str

    Notes
    -----
    A node's area grows with the square root of the weight of its ties, drawn or not.
    """
    import networkx as nx

    ax = axes(ax, (4.5, 4.5))
    whole = graph.to_undirected()
    whole.remove_edges_from(list(nx.selfloop_edges(whole)))
    core = nx.k_core(whole, 2)
    if core.number_of_nodes():
        core = core.subgraph(max(nx.connected_components(core), key=len))
        order = sorted(core)  # the layout depends on the order of nodes
        placed = nx.Graph()
        placed.add_nodes_from(order)
        placed.add_edges_from(sorted(tuple(sorted(edge)) for edge in core.edges))
        place = nx.spring_layout(placed, seed=seed, k=2.5 / np.sqrt(len(order)), iterations=120, weight=None)
        strength = dict(graph.degree(weight="weight"))
        width = np.array([core.edges[e].get("weight", 1.0) for e in placed.edges])
        nx.draw_networkx_edges(
            placed, place, ax=ax, edge_color="0.4", alpha=0.25, width=0.2 + 1.2 * np.sqrt(width / width.max())
        )
        size = np.array([strength[n] for n in order])
        nx.draw_networkx_nodes(
            placed,
            place,
            nodelist=order,
            ax=ax,
            node_color=[color.get(n, GREY) for n in order],
            linewidths=0.4,
            edgecolors="white",
            node_size=10 + 160 * np.sqrt(size / size.max()),
        )
    ax.set_axis_off()
    ax.set_title(title, fontsize=10)
    return ax
