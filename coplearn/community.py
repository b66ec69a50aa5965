"""The community: members, what they did, said, answered and whom they named, in one frozen object.

A community of practice is its members over time. `Community` holds the nine tables of
:mod:`coplearn.schema`, checks them once (:mod:`coplearn.validation`), and gives views that agree with one
another: the same members, the same windows, the same rules about bots, absence and missing answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from functools import cached_property
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from coplearn._checks import choose, listing, plural, whole
from coplearn.cohorts import Cohorts, entry_cohorts, label_cohorts
from coplearn.events import EventSequence
from coplearn.panel import MISSING_TIE, JointPanel
from coplearn.report import Finding, Report, ValidationError
from coplearn.scales import scale_scores
from coplearn.schema import TABLES, prepare
from coplearn.storage import read_folder, write_folder
from coplearn.validation import Rules, validate
from coplearn.windows import Windows, as_microseconds, calendar_windows, instant, span

__all__ = ["Community", "load"]

MICROSECOND = pd.Timedelta(1, "us")


class Community:
    """A community of practice and its record.

    Parameters
    ----------
    name : str
    members : DataFrame
        One row a member: member, joined, left, cohort, role, unit, is_bot, consent, and any covariates.
    events : DataFrame, optional
        Timestamped and directed: time, sender, receiver (missing for a broadcast), kind, space, audience, mode,
        weight, message.
    waves, ties, roster : DataFrame, optional
        wave, opens, closes; wave, network, ego, alter, value; wave, member, listed, responded.
    messages : DataFrame, optional
        message, time, author, space, thread, reply_to, kind, audience, text, lang.
    items, responses : DataFrame, optional
        item, scale, subscale, reverse, min, max, continuous; wave, member, item, value.
    spaces : DataFrame, optional
        space, kind, visibility, parent, domain.
    start, end : optional
        Observation window, by default from the first to the last instant recorded.
    timezone : str
        Zone in which days and months are cut.
    inactive_after : str
        Silence after which a member without a leave date counts as departed.
    truth : mapping, optional
        True parameters of a synthetic community.
    about : mapping, optional
        Title, source, licence, card.
    rules : Rules, optional
        What to do about orphan references and missing consent, and where warnings begin.

    Attributes
    ----------
    report : Report
        What was found, assumed and repaired, with row counts.

    Raises
    ------
    ValidationError
        If the data break a rule; the message names rule, members and rows, and says what to do.

    Examples
    --------
    >>> day = lambda text: pd.Timestamp(text, tz="UTC")
    >>> members = pd.DataFrame({"member": ["ann", "ben"], "joined": [day("2020-01-01"), day("2020-02-01")]})
    >>> event = {"time": day("2020-02-03"), "sender": "ben", "receiver": "ann", "kind": "question"}
    >>> Community("pair", members, pd.DataFrame([event]))
    Community 'pair': 2 members, 2020-02-03 to 2020-02-03
      events   question (1)
      notes    W09, N01: see .report
    """

    def __init__(
        self,
        name: str,
        members: pd.DataFrame,
        events: pd.DataFrame | None = None,
        *,
        waves: pd.DataFrame | None = None,
        ties: pd.DataFrame | None = None,
        roster: pd.DataFrame | None = None,
        messages: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
        responses: pd.DataFrame | None = None,
        spaces: pd.DataFrame | None = None,
        start: Any = None,
        end: Any = None,
        timezone: str = "UTC",
        inactive_after: str = "180D",
        truth: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None,
        rules: Rules | None = None,
    ) -> None:
        rules = Rules() if rules is None else rules
        _check_settings(timezone, inactive_after, rules, truth, about)
        given: dict[str, pd.DataFrame | None] = {
            "members": members,
            "spaces": spaces,
            "waves": waves,
            "events": events,
            "messages": messages,
            "ties": ties,
            "roster": roster,
            "items": items,
            "responses": responses,
        }
        tables, findings = {}, []
        for table, frame in given.items():
            tables[table], problems = prepare(table, frame)
            findings += problems
        counts = {t: len(f) if isinstance(f, pd.DataFrame) else 0 for t, f in given.items()}
        first = None if start is None else instant(start, timezone, "start").tz_convert("UTC")
        last = None if end is None else instant(end, timezone, "end").tz_convert("UTC")
        if not findings:
            supplied = {t for t, f in given.items() if f is not None}
            if members is not None and "consent" in members.columns:
                supplied.add("members.consent")
            tables, first, last, findings = validate(tables, rules, first, last, frozenset(supplied))
        rows = {t: (counts[t], len(tables[t])) for t in given if counts[t]}
        report = Report.of(findings, rows)
        if report.errors:
            raise ValidationError(name, report)
        self._set(
            name=str(name),
            tables=tables,
            report=report,
            start=first,
            end=last,
            timezone=timezone,
            inactive_after=pd.Timedelta(inactive_after),
            rules=rules,
            truth=deepcopy(dict(truth)) if truth is not None else None,
            about=deepcopy(dict(about or {})),
        )

    name: str
    report: Report
    start: pd.Timestamp
    end: pd.Timestamp
    timezone: str
    inactive_after: pd.Timedelta
    rules: Rules
    _tables: dict[str, pd.DataFrame]

    def _set(self, tables: dict[str, pd.DataFrame], truth: Any, about: Any, **values: Any) -> None:
        self.__dict__.update(values, _tables=tables, _truth=truth, _about=about)

    @property
    def truth(self) -> dict[str, Any] | None:
        """True parameters of a synthetic community (a copy)."""
        return deepcopy(self.__dict__["_truth"])

    @property
    def about(self) -> dict[str, Any]:
        """Title, source, licence, card (a copy)."""
        return deepcopy(self.__dict__["_about"])

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"a community is frozen; {name!r} cannot be set. Make a new one: between(), subset(), or Community(...)."
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a community is frozen; {name!r} cannot be removed.")

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: the data, not the views computed from them."""
        views = {k for k, v in vars(type(self)).items() if isinstance(v, cached_property)}
        return {k: v for k, v in self.__dict__.items() if k not in views}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # --- tables ------------------------------------------------------------------------------------

    def __getitem__(self, table: str) -> pd.DataFrame:
        """A table by name; a copy, so that changing it changes nothing here."""
        return self._tables[choose(table, list(TABLES), "table")].copy(deep=False)

    @property
    def members(self) -> pd.DataFrame:
        """One row a member, bots included (``is_bot``)."""
        return self["members"]

    @property
    def ties(self) -> pd.DataFrame:
        return self["ties"]

    @property
    def messages(self) -> pd.DataFrame:
        return self["messages"]

    @property
    def responses(self) -> pd.DataFrame:
        return self["responses"]

    @property
    def waves(self) -> pd.DataFrame:
        return self["waves"]

    @property
    def items(self) -> pd.DataFrame:
        return self["items"]

    @property
    def roster(self) -> pd.DataFrame:
        return self["roster"]

    @property
    def spaces(self) -> pd.DataFrame:
        return self["spaces"]

    def __len__(self) -> int:
        return len(self._tables["members"])

    # --- who was here when ---------------------------------------------------------------------------

    @cached_property
    def _people(self) -> pd.Index:
        """Members who are no bots."""
        members = self._tables["members"]
        return members.index[~members["is_bot"].to_numpy()]

    def _no_bots(self, ids: pd.Series) -> pd.Series:
        """Whether each id is a member who is no bot; missing ids are kept."""
        bots = self._tables["members"].index[self._tables["members"]["is_bot"].to_numpy()]
        return ~ids.isin(bots) if len(bots) else pd.Series(True, index=ids.index)

    def present(self, opens: Any, closes: Any = None) -> pd.Index:
        """Members, without bots, who belonged to the community at an instant or at some time in a window.

        Parameters
        ----------
        opens, closes : dates
            With `closes`, the window ``[opens, closes)``.
        """
        first = instant(opens, self.timezone)
        last = first + MICROSECOND if closes is None else instant(closes, self.timezone)
        people = self._tables["members"].loc[self._people]
        here = (people["joined"] < last) & ~(people["left"] <= first)
        return people.index[here]

    @property
    def activity(self) -> pd.DataFrame:
        """Everything that members did: columns member and time, for events sent and messages written."""
        return self._activity.copy(deep=False)

    @cached_property
    def _activity(self) -> pd.DataFrame:
        events, messages = self._tables["events"], self._tables["messages"]
        sent = events.loc[~events["message"].isin(messages.index), ["sender", "time"]]  # an event's message is one act
        parts = [
            sent.set_axis(["member", "time"], axis=1),
            messages[["author", "time"]].set_axis(["member", "time"], axis=1),
        ]
        acts = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
        return acts[acts["member"].isin(self._people)].sort_values("time", kind="stable", ignore_index=True)

    def departures(self) -> pd.DataFrame:
        """When each member was last heard of, and whether they left.

        A member departed at ``left``; or, without a leave date, with the last sign of life (an act, an answer, a
        returned roster), when it lies more than `inactive_after` before the end. Silence is told only for members
        who ever acted: in a record of surveys alone nobody is silent. Everybody else is known to be a member until
        `inactive_after` before the end (censoring at the last act would be informative, at the end optimistic).

        Returns
        -------
        DataFrame
            Indexed by member: last_seen (NaT: never), departed, known_until (the join for who was never seen).
        """
        people = self._tables["members"].loc[self._people]
        acted = self._activity.groupby("member")["time"].max().reindex(people.index)
        last = pd.concat([acted, self._answered().reindex(people.index)], axis=1).max(axis=1)
        horizon = max(self.end - self.inactive_after, self.start)
        has_left = people["left"].notna() & (people["left"] <= self.end)
        silent = ~has_left & acted.notna() & (last <= self.end - self.inactive_after)
        until = people["joined"].where(last.isna() & bool(len(self._activity)), horizon)
        until = last.where(silent, until)
        until = people["left"].where(has_left, until)
        until = until.where(until > people["joined"], people["joined"])
        return pd.DataFrame({"last_seen": last, "departed": has_left | silent, "known_until": until})

    def _answered(self) -> pd.Series:
        """Opening of the last wave at which each member answered, named somebody or returned the roster."""
        opens = self._tables["waves"]["opens"]
        responses, roster = self._tables["responses"], self._tables["roster"]
        parts = [responses.dropna(subset=["value"]), roster[roster["responded"]]]
        parts.append(self._tables["ties"].rename(columns={"ego": "member"}))
        rows = pd.concat([part[["member", "wave"]] for part in parts], ignore_index=True)
        when = pd.Series(opens.reindex(rows["wave"]).to_numpy(), index=rows["member"], dtype=opens.dtype)
        return when.groupby(level=0).max()

    # --- views -----------------------------------------------------------------------------------------

    def cohorts(
        self,
        by: str | Callable[[pd.DataFrame], pd.Series] | Mapping[str, str] = "entry",
        every: str = "quarter",
        min_size: int = 20,
    ) -> Cohorts:
        """Members grouped by when they entered, or by a label.

        Parameters
        ----------
        by : str, callable or mapping
            ``"entry"``: calendar window of joining; a column of `members` (such as ``"cohort"`` or ``"unit"``);
            a function of the members frame; or a mapping from entry window to generation, such as
            ``{"2010": "before", "2011": "before", "2012": "after"}``.
        every : {"month", "quarter", "half-year", "year"}
            Length of an entry window.
        min_size : int
            Adjacent entry windows are joined until each cohort has this many members; what was joined is
            reported. Who joined before the observation is in ``"pre"``.

        Returns
        -------
        Cohorts
            Bots, and members without a label, are left out.
        """
        people = self._tables["members"].loc[self._people]
        merged: list[str] = []
        if isinstance(by, Mapping):
            windows, _ = entry_cohorts(people["joined"], self.start, self._last, every, 1, self.timezone)
            unknown = [w for w in windows.cat.categories if w not in by]
            if unknown:
                raise ValueError(f"generations: no generation is given for those who entered in {listing(unknown)}.")
            named = windows.astype("str").map(dict(by))
            labels = label_cohorts(named, list(dict.fromkeys(by[w] for w in windows.cat.categories)))
        elif callable(by):
            labels = label_cohorts(by(people.copy(deep=False)), index=people.index)
        elif by == "entry":
            labels, merged = entry_cohorts(people["joined"], self.start, self._last, every, min_size, self.timezone)
        else:
            labels = label_cohorts(people[choose(by, ["entry", *people.columns], "cohort column")])
        frame = pd.concat([labels.rename("cohort"), people[["joined", "left"]], self.departures()], axis=1)
        frame = frame[frame["cohort"].notna()]
        return Cohorts(frame, self.activity, self.start, self.end, self.timezone, tuple(merged))

    def events(self, kind: str | Sequence[str] | None = None) -> EventSequence:
        """Events of one or several kinds, in order of time, with the members at risk.

        Events of bots and events of a member towards the same member are left out. Rosters whose waves have a date are
        second networks of the sequence: a tie holds from the wave at which it was named until one at which it was not.
        """
        return EventSequence.from_frame(
            self._relational(kind),
            self._tables["members"].loc[self._people],
            origin=self.start,
            end=self.end,
            networks=self._tie_changes(),
        )

    def _tie_changes(self) -> dict[str, pd.DataFrame]:
        """By network, when ties among people begin and end by the dates of the waves."""
        ties, opens = self._tables["ties"], self._tables["waves"]["opens"].dropna().sort_values()
        dated = ties["wave"].isin(opens.index) & ties["ego"].isin(self._people) & ties["alter"].isin(self._people)
        return {str(name): self._changes_of(rows, opens) for name, rows in ties[dated].groupby("network")}

    def _changes_of(self, rows: pd.DataFrame, opens: pd.Series) -> pd.DataFrame:
        """Ties of one network as changes; a tie stays as it was while ego does not answer."""
        waves = [wave for wave in opens.index if (rows["wave"] == wave).any()]
        named = rows.groupby(["ego", "alter", "wave"])["value"].last().unstack("wave").reindex(columns=waves)
        for wave in waves:  # who was asked and did not name is a zero; who was not asked is unknown
            asked = named.index.get_level_values("ego").isin(self._responded(wave))
            named.loc[asked, wave] = named.loc[asked, wave].fillna(0.0)
        known = named.ffill(axis=1).fillna(0.0)
        begun = known.ne(known.shift(axis=1, fill_value=0.0))
        changed = known.stack()[begun.stack()].rename("value").reset_index()
        changed["time"] = changed["wave"].map(opens)
        return changed.rename(columns={"ego": "sender", "alter": "receiver"})[["time", "sender", "receiver", "value"]]

    def _relational(self, kind: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Events among people: of the kinds asked for, without bots and self-events."""
        events = self._tables["events"]
        keep = self._no_bots(events["sender"]) & self._no_bots(events["receiver"])
        keep &= ~(events["sender"] == events["receiver"]).fillna(False).astype(bool)
        if kind is not None:
            kinds = [kind] if isinstance(kind, str) else list(kind)
            there = sorted(events["kind"].unique())
            keep &= events["kind"].isin([choose(k, there, "kind of event") for k in kinds])
        return events[keep]

    def scores(self, scale: str) -> pd.DataFrame:
        """Scale scores of people present, one row a member and wave.

        Parameters
        ----------
        scale : str
            A scale of the codebook, or a single item.

        Returns
        -------
        DataFrame
            Columns member, wave and the scale. A member who was present and did not answer (enough) has a row
            with NaN; a member who was absent has none.
        """
        table = scale_scores(self._tables["responses"], self._tables["items"], scale)
        here = pd.concat(
            [pd.DataFrame({"member": self._at_wave(wave), "wave": wave}) for wave in self._tables["waves"].index],
            ignore_index=True,
        )
        return here.merge(table, on=["member", "wave"], how="left")

    def _at_wave(self, wave: Any) -> pd.Index:
        """People present at some time while a wave was open, or everybody where it has no date."""
        opens, closes = self._tables["waves"].loc[wave, ["opens", "closes"]]
        if pd.isna(opens):
            return self._people
        return self.present(opens, closes if pd.notna(closes) and closes > opens else None)

    def _wave_ties(self, wave: Any, network: str) -> pd.DataFrame:
        """The ties of one wave among people who were present at it."""
        table, here = self._tables["ties"], self._at_wave(wave)
        rows = table[(table["network"] == network) & (table["wave"] == wave)]
        return rows[rows["ego"].isin(here) & rows["alter"].isin(here)]

    def _responded(self, wave: Any) -> pd.Index:
        """People present who returned the roster of a wave; all of them where no roster was given."""
        here, roster = self._at_wave(wave), self._tables["roster"]
        if roster.empty:
            return here
        return here[here.isin(roster.loc[(roster["wave"] == wave) & roster["responded"], "member"])]

    def panel(
        self,
        ties: str | Sequence[str] | None = None,
        behavior: str | Sequence[str] | Mapping[str, pd.DataFrame] | None = None,
        covariates: str | Sequence[str] = (),
        waves: Sequence[Any] | None = None,
        ties_from: str | Sequence[str] | None = None,
        every: str = "year",
        at_least: int = 1,
        present: str = "members",
        directed: Mapping[str, bool] | None = None,
    ) -> JointPanel:
        """Ties and behaviors at the waves, as arrays over everybody present at one of them.

        Parameters
        ----------
        ties : str or list of str, optional
            Networks of the table `ties`; any positive value is a tie.
        behavior : str or list of str, or dict of str to DataFrame, optional
            Scales (or items), as mean scores. Or what you measured yourself, a frame each: rows are waves (windows,
            such as 2012 or "2012Q1", with `ties_from`), columns members; NaN where unknown.
        covariates : str or list of str
            Columns of `members` (labels become whole numbers, kept in ``levels``); ``"tenure"`` is years since
            joining at the opening of each period.
        waves : sequence, optional
            A choice of waves; by default all, in their order.
        ties_from : str or list of str, optional
            Kinds of events instead of `ties`, a network each. The waves are then the calendar windows of which
            nine tenths or more were observed, and ego has a tie to alter where it acted towards it within the window.
        every : {"day", "week", "month", "quarter", "half-year", "year"}
            Length of those windows.
        at_least : int
            How many such events make a tie.
        present : {"members", "active"}
            Who is there in a window: who had joined and not left, or who acted in it, for records of what people do
            that know no leaving. The active come and go in the middle between two windows, and come back.
        directed : dict of str to bool, optional
            By network; where it says nothing, a network is undirected if all pairs of which both reports are known
            agree, one of them tied. In an undirected network one report is enough.

        Returns
        -------
        JointPanel
            Rows of members who did not respond are missing, as are ties to those who were not listed. Entry and
            exit between waves are interpolated on the clock of wave openings.
        """
        if (ties is None) == (ties_from is None):
            raise ValueError("a panel is made of networks (ties=) or of events (ties_from=): give one of them.")
        if ties_from is not None:
            if behavior is not None and not isinstance(behavior, Mapping):
                raise ValueError(
                    "scales are known at the waves of the survey; with ties_from, leave behavior out, or give it as "
                    "frames of windows by members: behavior={'efficacy': frame}."
                )
            kinds = [ties_from] if isinstance(ties_from, str) else list(ties_from)
            active = choose(present, ["members", "active"], "present") == "active"
            least = whole(at_least, "at_least")
            return self._event_panel(kinds, every, least, active, behavior or {}, covariates, waves, directed)
        assert ties is not None
        clock = self._tables["waves"]
        wanted = list(clock.index) if waves is None else list(waves)
        unknown = [w for w in wanted if w not in clock.index]
        if unknown:
            raise ValueError(f"no wave {listing(unknown)}. Waves are {listing(clock.index, 20)}.")
        chosen = [w for w in clock.index if w in wanted]
        if len(chosen) < 2:
            raise ValueError(f"a panel needs two waves or more; there are {len(chosen)}.")
        names = [ties] if isinstance(ties, str) else list(ties)
        known = sorted(self._tables["ties"]["network"].unique())
        names = [choose(name, known, "network") for name in names]
        at = [self._at_wave(wave) for wave in chosen]
        members = self._people[np.isin(self._people, np.unique(np.concatenate([a.to_numpy(dtype=object) for a in at])))]
        there = np.array([members.isin(a) for a in at])
        networks = {name: self._tie_arrays(name, chosen, members, there) for name in names}
        if isinstance(behavior, Mapping):
            behaviors = self._measured(behavior, chosen, members)
        else:
            scales = [] if behavior is None else [behavior] if isinstance(behavior, str) else list(behavior)
            frames = {s: self.scores(s).pivot(index="wave", columns="member", values=s) for s in scales}
            behaviors = {s: wide.reindex(index=chosen, columns=members).to_numpy() for s, wide in frames.items()}
        opens = clock.loc[chosen, "opens"]
        moments = self._intervals(members, opens)
        return self._joint(networks, behaviors, covariates, there, members, opens, moments, directed)

    def _measured(
        self, frames: Mapping[str, pd.DataFrame], waves: list[Any], members: pd.Index
    ) -> dict[str, np.ndarray]:
        """Frames of waves by members, in the order of the panel."""
        found = {}
        for name, frame in frames.items():
            if all(isinstance(wave, str) for wave in waves):
                frame = frame.set_axis(frame.index.astype(str))
            absent = [wave for wave in waves if wave not in frame.index]
            unknown = [member for member in frame.columns if member not in self._tables["members"].index]
            if absent or unknown:
                what = f"no row for {listing(absent)}" if absent else f"columns who are no members: {listing(unknown)}"
                raise ValueError(f"behavior {name!r} has {what}; give waves as rows and members as columns.")
            found[name] = frame.reindex(index=waves, columns=members).to_numpy(dtype=float)
        return found

    def _event_panel(
        self,
        kinds: list[str],
        every: str,
        at_least: int,
        active: bool,
        behavior: Mapping[str, pd.DataFrame],
        covariates: str | Sequence[str],
        waves: Sequence[Any] | None,
        directed: Mapping[str, bool] | None,
    ) -> JointPanel:
        """Events of calendar windows as ties; see :meth:`panel`."""
        windows = calendar_windows(self.start, self._last, every, self.timezone)
        opens, closes = windows.edges[:-1], windows.edges[1:]
        observed = np.minimum(closes, self._last + MICROSECOND) - np.maximum(opens, self.start)
        full = observed >= 0.9 * (closes - opens)
        labels = [label for label, kept in zip(windows.labels, full, strict=True) if kept]
        waves = None if waves is None else [str(wave) for wave in waves]
        unknown = [w for w in waves or [] if w not in labels]
        if unknown:
            raise ValueError(f"no {every} {listing(unknown)}. Observed are {listing(labels, 20)}.")
        chosen = [label for label in labels if waves is None or label in waves]
        if len(chosen) < 2:
            raise ValueError(f"a panel needs two windows or more; of every={every!r} there are {len(chosen)}.")
        at = [windows.labels.index(label) for label in chosen]
        if active:
            done = pd.concat([self._activity, self._relational().rename(columns={"sender": "member"})])
            windowed = windows.locate(done["time"])
            here = [pd.Index(done["member"].to_numpy()[windowed == w]) for w in at]
        else:
            here = [self.present(opens[w], closes[w]) for w in at]
        members = self._people[self._people.isin(np.unique(np.concatenate([h.to_numpy(dtype=object) for h in here])))]
        there = np.array([members.isin(h) for h in here])
        networks = {}
        for kind in kinds:
            events = self._relational(kind)
            place = pd.Index(at).get_indexer(windows.locate(events["time"]))
            ego, alter = (members.get_indexer(events[side]) for side in ("sender", "receiver"))
            kept = (place >= 0) & (ego >= 0) & (alter >= 0)
            acts = np.zeros((len(at), len(members), len(members)))
            np.add.at(acts, (place[kept], ego[kept], alter[kept]), 1)
            networks[kind] = (acts >= at_least) & there[:, :, None] & there[:, None, :]
        behaviors = self._measured(behavior, chosen, members)
        starts = pd.Series(opens[at], index=chosen)
        moments = None if active else self._intervals(members, starts)
        return self._joint(networks, behaviors, covariates, there, members, starts, moments, directed)

    def _joint(
        self,
        networks: Mapping[str, np.ndarray],
        behaviors: Mapping[str, np.ndarray],
        covariates: str | Sequence[str],
        present: np.ndarray,
        members: pd.Index,
        opens: pd.Series,
        moments: np.ndarray | None,
        directed: Mapping[str, bool] | None,
    ) -> JointPanel:
        """Networks and behaviors with the covariates and the entries and exits of their members."""
        values, levels = {}, {}
        for column in [covariates] if isinstance(covariates, str) else covariates:
            values[column], kinds = self._covariate(column, members, opens)
            if kinds:
                levels[column] = kinds
        panel = JointPanel.from_arrays(
            networks,
            behaviors,
            values,
            present=present,
            members=members,
            waves=list(opens.index),
            presence_intervals=moments,
            directed=directed,
        )
        panel.levels.update(levels)
        return panel

    def _tie_arrays(self, name: str, waves: list[Any], members: pd.Index, present: np.ndarray) -> np.ndarray:
        """Ties over [wave, ego, alter], with 255 for egos who did not respond and alters who were not listed."""
        roster = self._tables["roster"]
        array = np.zeros((len(waves), len(members), len(members)), dtype=np.uint8)
        for w, wave in enumerate(waves):
            rows = self._wave_ties(wave, name)
            array[w, members.get_indexer(rows["ego"]), members.get_indexer(rows["alter"])] = 1
            array[w, ~members.isin(self._responded(wave))] = MISSING_TIE
            if len(roster):
                listed = members.isin(roster.loc[(roster["wave"] == wave) & roster["listed"], "member"])
                array[w][:, ~listed] = MISSING_TIE
            gone = ~present[w]
            array[w, gone] = 0
            array[w][:, gone] = 0
            np.fill_diagonal(array[w], 0)
        return array

    def _covariate(self, column: str, members: pd.Index, opens: pd.Series) -> tuple[np.ndarray, list[str] | None]:
        people = self._tables["members"].loc[members]
        if column == "tenure":
            if opens.isna().any():
                raise ValueError("tenure needs the opening dates of the waves; give them in the table waves.")
            joined = as_microseconds(people["joined"])
            return np.maximum(0.0, (as_microseconds(opens)[:-1, None] - joined) / (365.25 * 86_400e6)), None
        values = people[choose(column, [*people.columns, "tenure"], "covariate")]
        if pd.api.types.is_numeric_dtype(values) or values.dtype == "bool":
            return values.to_numpy(dtype=float, na_value=np.nan), None
        kinds = sorted(values.dropna().astype("str").unique())
        code = pd.Categorical(values.astype("str").where(values.notna()), categories=kinds).codes
        return np.where(code < 0, np.nan, code), kinds

    def _intervals(self, members: pd.Index, opens: pd.Series) -> np.ndarray | None:
        """Entry and exit of each member on the clock of waves; None where waves have no dates."""
        if opens.isna().any():
            return None
        people = self._tables["members"].loc[members]
        moments = as_microseconds(opens).astype(float)
        position = np.arange(len(moments), dtype=float)
        joined = as_microseconds(people["joined"]).astype(float)
        left = np.where(people["left"].isna(), np.inf, as_microseconds(people["left"]).astype(float))
        entry = np.where(joined <= moments[0], -np.inf, np.interp(joined, moments, position))
        leave = np.where(left > moments[-1], np.inf, np.interp(np.minimum(left, moments[-1]), moments, position))
        return np.column_stack([entry, leave])

    def network(self, window: Any = None, kind: str | Sequence[str] | None = None, ties: str | None = None) -> Any:
        """A directed networkx graph of one window of events, or of one wave of ties.

        Parameters
        ----------
        window : optional
            A calendar label (``"2012"``, ``"2012Q1"``, ``"2012-03"``), a pair (start, end), or None for the whole
            observation. With `ties`, a wave.
        kind : str or list of str, optional
            Kinds of events; by default all.
        ties : str, optional
            A network of the table `ties` instead of events.

        Returns
        -------
        networkx.DiGraph
            Nodes are the members present, bots left out, with cohort, role, unit and joined. An edge carries the
            sum of weights (``weight``) and the number of events (``count``). Broadcasts have no edge;
            ``graph["broadcasts"]`` counts them.
        """
        if ties is not None:
            return self._wave_network(window, ties)
        first, last = (self.start, self._last + MICROSECOND) if window is None else span(window, self.timezone)
        events = self._relational(kind)
        inside = (events["time"] >= first) & (events["time"] < last)
        return self._graph(events[inside], first, last)

    def networks(self, every: str = "month", kind: str | Sequence[str] | None = None) -> Networks:
        """The networks of consecutive calendar windows, by label; together they hold every event once.

        Parameters
        ----------
        every : {"day", "week", "month", "quarter", "half-year", "year"}
        kind : str or list of str, optional
            Kinds of events; by default all.

        Returns
        -------
        Networks
            A mapping from window label to graph, in order of time. A graph is built when it is asked for, so that
            a loop over ``.items()`` holds one at a time.
        """
        windows = calendar_windows(self.start, self._last, every, self.timezone)
        events = self._relational(kind)
        where = windows.locate(events["time"])
        order = np.argsort(where, kind="stable")
        cuts = np.searchsorted(where[order], np.arange(len(windows) + 1))
        return Networks(self, windows, events.iloc[order], cuts)

    @cached_property
    def _node_attributes(self) -> dict[str, dict[str, Any]]:
        columns = ["cohort", "role", "unit", "joined"]
        people = self._tables["members"].loc[self._people, columns].astype(object)
        rows = people.where(people.notna(), None).to_numpy()
        return {member: dict(zip(columns, row, strict=True)) for member, row in zip(self._names, rows, strict=True)}

    @cached_property
    def _names(self) -> np.ndarray:
        """People as Python strings, which graphs hash faster than they are read from the index."""
        return self._people.to_numpy(dtype=object)

    @cached_property
    def _presence(self) -> tuple[np.ndarray, np.ndarray]:
        people = self._tables["members"].loc[self._people]
        left = as_microseconds(people["left"])
        return as_microseconds(people["joined"]), np.where(people["left"].isna(), np.iinfo(np.int64).max, left)

    def _graph(self, events: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> Any:
        import networkx as nx

        joined, left = self._presence
        opens, closes = as_microseconds(pd.DatetimeIndex([first, last]))
        here = (joined < closes) & (left > opens)
        graph = nx.DiGraph(name=self.name, opens=first, closes=last)
        attributes = self._node_attributes
        graph.add_nodes_from((member, attributes[member]) for member in self._names[here])
        directed = events[events["receiver"].notna()]
        graph.graph["broadcasts"] = len(events) - len(directed)
        if len(directed):
            n = len(self._people)
            key = self._people.get_indexer(directed["sender"]) * n + self._people.get_indexer(directed["receiver"])
            pairs, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
            weights = np.bincount(inverse, weights=directed["weight"].to_numpy())
            egos, alters = self._names[pairs // n], self._names[pairs % n]
            missing = {m for m in chain(egos, alters) if m not in graph}
            graph.add_nodes_from((m, attributes[m]) for m in sorted(missing))  # they act after leaving (W02)
            graph.add_edges_from(
                (ego, alter, {"weight": weight, "count": count})
                for ego, alter, weight, count in zip(egos, alters, weights.tolist(), counts.tolist(), strict=True)
            )
        return graph

    def _wave_network(self, wave: Any, ties: str) -> Any:
        import networkx as nx

        waves = self._tables["waves"]
        if wave not in waves.index:
            raise ValueError(f"no wave {wave!r}. Waves are {listing(waves.index, 20)}.")
        choose(ties, sorted(self._tables["ties"]["network"].unique()), "network")
        graph = nx.DiGraph(name=self.name, wave=wave, network=ties)
        attributes, responded = self._node_attributes, set(self._responded(wave))
        graph.add_nodes_from((m, {**attributes[m], "responded": m in responded}) for m in self._at_wave(wave))
        rows = self._wave_ties(wave, ties)
        graph.add_weighted_edges_from(rows[["ego", "alter", "value"]].itertuples(index=False, name=None))
        return graph

    @property
    def _last(self) -> pd.Timestamp:
        """The last instant observed; an end at midnight does not open a new window by itself."""
        recorded = [self._tables[t]["time"].max() for t in ("events", "messages") if len(self._tables[t])]
        joined = self._tables["members"]["joined"].max()
        return max([self.end - MICROSECOND, self.start, joined, *recorded])

    def between(self, start: Any, end: Any) -> Community:
        """The community as observed in ``[start, end)``.

        Members present at some time in the window stay, with their true join dates (who joined before is left
        truncated, W09); events, messages and waves that open outside it go. The window is cut to what was observed,
        and one that reaches its end includes the last instant. A reply whose parent is outside
        keeps its row and loses the reference.
        """
        first, last = span((start, end), self.timezone)
        if last <= self.start or first > self.end:
            raise ValueError(
                f"{first:%Y-%m-%d} to {last:%Y-%m-%d} lies outside the observation, "
                f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}."
            )
        first, last = max(first, self.start), min(last, self.end)
        members = self._tables["members"]
        whole = last == self.end  # the last instant observed belongs to the observation
        here = (members["joined"] <= last if whole else members["joined"] < last) & ~(members["left"] <= first)
        if not here.any():
            raise ValueError(f"nobody was a member between {first:%Y-%m-%d} and {last:%Y-%m-%d}.")
        waves = self._tables["waves"]
        dated = waves["opens"]
        inside = dated.isna() | ((dated >= first) & (dated <= last if whole else dated < last))
        return self._restrict(members.index[here], first, last, waves.index[inside])

    def subset(self, members: Iterable[str]) -> Community:
        """The community of some of its members: what they did among themselves.

        Raises
        ------
        ValueError
            For an unknown member.
        """
        if isinstance(members, str):
            raise TypeError(f"subset takes a list of members; write [{members!r}].")
        wanted = pd.Index([str(m) for m in members], dtype="str").unique()
        if wanted.empty:
            raise ValueError("a subset needs a member; none was named.")
        unknown = wanted.difference(self._tables["members"].index)
        if len(unknown):
            raise ValueError(f"no member {listing(unknown)} in community {self.name!r}.")
        index = self._tables["members"].index
        return self._restrict(index[index.isin(wanted)], self.start, self.end, self._tables["waves"].index, whole=True)

    def withdraw(self, members: Iterable[str]) -> Community:
        """The community after members withdrew their consent.

        Their answers, their text, the ties they named and everything known about them are removed, as are columns of
        your own in what they wrote or did; what others did towards them, and that they acted, stays under a fresh
        name, so that the structure is not torn. ``about`` and texts of others are not searched for their names.

        Raises
        ------
        ValueError
            For an unknown member.
        """
        gone = pd.Index([str(m) for m in members]).unique()
        unknown = gone.difference(self._tables["members"].index)
        if len(unknown):
            raise ValueError(f"no member {listing(unknown)} in community {self.name!r}.")
        taken = set(self._tables["members"].index)
        fresh = (name for k in range(1, len(taken) + len(gone) + 1) if (name := f"withdrawn{k}") not in taken)
        names = dict(zip(gone, fresh, strict=False))
        tables = dict(self._tables)
        people = tables["members"].copy()
        keep = ["joined", "left", "joined_inferred", "is_bot", "consent"]
        for column in people.columns.difference(keep):
            people[column] = people[column].where(~people.index.isin(gone))
        people["consent"] = people["consent"].where(~people.index.isin(gone), "none")
        tables["members"] = people
        messages, roster = tables["messages"], tables["roster"]
        tables["messages"] = _blank(messages, messages["author"].isin(gone), "messages", ["text", "lang"])
        events = tables["events"]
        theirs = events["sender"].isin(gone) | events["receiver"].isin(gone)
        tables["events"] = _blank(events, theirs, "events", [])
        tables["responses"] = tables["responses"][~tables["responses"]["member"].isin(gone)].reset_index(drop=True)
        tables["ties"] = tables["ties"][~tables["ties"]["ego"].isin(gone)].reset_index(drop=True)
        tables["roster"] = roster.assign(responded=roster["responded"] & ~roster["member"].isin(gone))
        for name, table in TABLES.items():
            for column in table:
                if name != "members" and column.refers == "members":
                    values = tables[name][column.name]
                    tables[name] = tables[name].assign(**{column.name: values.map(lambda m: names.get(m, m))})
        tables["members"] = people.rename(index=names)
        told = f"{plural(len(gone), 'member')} withdrew consent; answers, text, ties named and attributes were removed."
        return self._remake(tables, self.start, self.end, Finding("N03", "note", "members", len(gone), told))

    def _restrict(
        self, members: pd.Index, first: pd.Timestamp, last: pd.Timestamp, waves: pd.Index, whole: bool = False
    ) -> Community:
        """A new community of some members, instants and waves; what went is counted in the report."""
        tables = dict(self._tables)
        tables["members"] = tables["members"].loc[members]
        tables["waves"] = tables["waves"].loc[waves]
        for name, table in TABLES.items():
            frame = tables[name]
            keep = np.ones(len(frame), dtype=bool)
            for column in table:
                if column.refers == "members":
                    keep &= (frame[column.name].isin(members) | frame[column.name].isna()).to_numpy()
                elif column.refers == "waves":
                    keep &= frame[column.name].isin(waves).to_numpy()
            if name in {"events", "messages"} and not whole:
                inside = (frame["time"] < last) | ((frame["time"] == last) & (last == self.end))
                keep &= ((frame["time"] >= first) & inside).to_numpy()
            frame = frame[keep]
            tables[name] = frame if table.index else frame.reset_index(drop=True)
        messages = tables["messages"]
        tables["messages"] = messages.assign(
            reply_to=messages["reply_to"].where(messages["reply_to"].isin(messages.index))
        )
        if len(self._tables["messages"]):
            cited = tables["events"]["message"]
            lost = cited.isin(self._tables["messages"].index) & ~cited.isin(messages.index)
            tables["events"] = tables["events"].assign(message=cited.where(~lost))
        return self._remake(tables, first, last)

    def _remake(
        self, tables: dict[str, pd.DataFrame], first: pd.Timestamp, last: pd.Timestamp, *told: Finding
    ) -> Community:
        """A new community of changed tables, checked again; rows that went are counted in its report."""
        given = {name: frame for name, frame in tables.items() if len(frame) or name == "members"}
        new = Community(
            self.name,
            **given,
            start=first,
            end=last,
            timezone=self.timezone,
            inactive_after=str(self.inactive_after),
            about=self.about,
            truth=self.truth,
            rules=self.rules,
        )
        rows = {t: (len(self._tables[t]), len(new._tables[t])) for t in TABLES if len(self._tables[t])}
        gone = {t: before - after for t, (before, after) in rows.items() if before > after}
        kept = [f for f in self.report.findings if f.code in {"W01", "N02", "N03"}]
        findings = [*new.report.findings, *kept, *told]
        if gone and not told:
            words = ", ".join(f"{count:,} {table}" for table, count in gone.items())
            findings.append(Finding("N02", "note", "members", sum(gone.values()), f"outside the selection: {words}."))
        new.__dict__["report"] = Report.of(findings, rows)
        return new

    # --- on disk -----------------------------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the community as a folder of Parquet tables with a manifest.

        An interrupted save leaves an older community in the folder intact.
        """
        header = {
            "name": self.name,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "timezone": self.timezone,
            "inactive_after": f"{self.inactive_after / pd.Timedelta(1, 's'):.0f}s",
            "about": self.about,
            "truth": self.truth,
            "rules": asdict(self.rules),
            "report": [list(vars(f).values()) for f in self.report.findings],
            "rows": {t: list(pair) for t, pair in self.report.rows.items()},
        }
        return write_folder(folder, dict(self._tables), header)

    # --- for a reader ---------------------------------------------------------------------------------------

    def _overview(self) -> list[tuple[str, str]]:
        """(title, text) lines of the representation."""
        tables = self._tables
        lines = []
        counts = {
            "ties": (tables["ties"]["network"] if len(tables["ties"]) else None, "network"),
            "events": (tables["events"]["kind"] if len(tables["events"]) else None, "kind"),
        }
        for title, (column, _) in counts.items():
            if column is not None:
                kinds = column.value_counts()
                shown = [f"{kind} ({count:,})" for kind, count in kinds.items()]
                lines.append((title, listing(shown, 6)))
        if len(tables["items"]):
            lines.append(("scales", listing(sorted(tables["items"]["scale"].unique()), 6)))
        if len(tables["messages"]):
            text = int(tables["messages"]["text"].notna().sum())
            lines.append(("messages", f"{len(tables['messages']):,}, {text:,} with text"))
        if len(tables["spaces"]):
            lines.append(("spaces", listing(tables["spaces"].index, 6)))
        if len(self.report):
            lines.append(("notes", f"{', '.join(self.report.codes)}: see .report"))
        return lines

    def _headline(self) -> str:
        bots = len(self) - len(self._people)
        parts = [plural(len(self._people), "member") + (f" and {plural(bots, 'bot')}" if bots else "")]
        if len(self._tables["waves"]):
            parts.append(plural(len(self._tables["waves"]), "wave"))
        parts.append(f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}")
        return ", ".join(parts)

    def __repr__(self) -> str:
        lines = self._overview()
        width = max((len(title) for title, _ in lines), default=0) + 3
        body = "".join(f"\n  {title:<{width}}{text}" for title, text in lines)
        return f"Community {self.name!r}: {self._headline()}{body}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(title)}</th><td style='text-align:left'>{escape(text)}</td></tr>"
            for title, text in self._overview()
        )
        return f"<p><strong>Community {escape(self.name)}</strong>: {escape(self._headline())}</p><table>{rows}</table>"


class Networks(Mapping[str, Any]):
    """Networks by window label, each built when asked for; made by :meth:`Community.networks`."""

    def __init__(self, community: Community, windows: Windows, events: pd.DataFrame, cuts: np.ndarray) -> None:
        self._community, self._windows, self._events, self._cuts = community, windows, events, cuts
        self._place = {label: w for w, label in enumerate(windows.labels)}

    def __getitem__(self, label: str) -> Any:
        w = self._place[choose(label, self._windows.labels, "window")]
        events = self._events.iloc[self._cuts[w] : self._cuts[w + 1]]
        return self._community._graph(events, self._windows.edges[w], self._windows.edges[w + 1])

    def __contains__(self, label: object) -> bool:
        return label in self._place

    def get(self, label: str, default: Any = None) -> Any:
        """The network of a window, or `default` if there is no such window."""
        return self[label] if label in self._place else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)

    def __repr__(self) -> str:
        labels = self._windows.labels
        return f"Networks of {self._community.name!r}: {len(self)} windows, {labels[0]} to {labels[-1]}"


def _blank(frame: pd.DataFrame, rows: pd.Series, table: str, columns: list[str]) -> pd.DataFrame:
    """The frame without some rows' values in `columns` and in columns that the schema does not know."""
    own = [c for c in frame.columns if c not in {column.name for column in TABLES[table]}]
    return frame.assign(**{column: frame[column].where(~rows) for column in [*columns, *own]})


def _check_settings(timezone: Any, inactive_after: Any, rules: Any, truth: Any, about: Any) -> None:
    """Refuse settings that would fail later, with a sentence."""
    if not isinstance(rules, Rules):
        raise TypeError(f"rules is a {type(rules).__name__}; write rules=cl.Rules(on_orphan='drop'), for example.")
    for what, value in (("truth", truth), ("about", about)):
        if value is not None and not isinstance(value, Mapping):
            raise TypeError(f"{what} is a {type(value).__name__}; give a dict.")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, TypeError) as problem:
        raise ValueError(
            f"timezone {timezone!r} is not known. Write 'UTC' or 'Europe/Berlin', for example."
        ) from problem
    try:
        if pd.Timedelta(inactive_after) <= pd.Timedelta(0):
            raise ValueError("it is not positive")
    except ValueError as problem:
        raise ValueError(f"inactive_after {inactive_after!r}: {problem}. Write '180D', for example.") from problem


def load(folder: str | os.PathLike[str]) -> Community:
    """Read a community that :meth:`Community.save` wrote.

    Raises
    ------
    FileNotFoundError
        If the folder holds no manifest.
    ValueError
        If a file is missing, truncated or altered, or the data break a rule.
    """
    tables, header = read_folder(folder)
    unknown = set(tables) - set(TABLES)
    if unknown:
        raise ValueError(
            f"{folder} holds tables this version does not know: {listing(sorted(unknown))}. Update coplearn."
        )
    if "members" not in tables:
        raise ValueError(f"{folder} holds no table of members. Save the community again.")
    try:
        community = Community(
            header["name"],
            **tables,
            start=header["start"],
            end=header["end"],
            timezone=header["timezone"],
            inactive_after=header["inactive_after"],
            truth=header["truth"],
            about=header["about"],
            rules=Rules(**header["rules"]),
        )
        told = [Finding(*row) for row in header["report"]]  # what the first check found, repaired and dropped
        rows = {t: (int(a), int(b)) for t, (a, b) in header["rows"].items()}
    except (KeyError, TypeError) as problem:
        raise ValueError(f"{folder}: the manifest lacks or garbles {problem}. Save the community again.") from problem
    community.__dict__["report"] = Report.of(told, rows)
    return community
