"""The rules a community keeps, checked once when it is made.

Errors E01-E07 stop the construction, since no measure could be trusted after them; warnings W01-W10 travel
with the community in `Community.report`; notes N01-N03 say what was assumed or repaired. Each names the
members and rows concerned and says what to do. Three repairs are offered, all counted: orphan references
(`on_orphan`), text held without consent (`without_consent`), and joins dated after a member's first act
(always moved back, W01).

=====  ==========================================================================================
code   rule
=====  ==========================================================================================
E01    keys are unique; every reference resolves
E02    instants carry a zone, lie inside the observation window; nobody leaves before joining
E03    an answer lies inside its item's range, and is whole unless the item is continuous
E04    a tie joins two listed members, ego is not alter, ego responded, the value is positive
E05    a reply is not older than its parent and stays in its thread
E06    no text of members whose consent does not cover text; no answers of those who gave none
E07    columns are there and of their kind
W01    somebody acts before joining: the join is moved back
W02    somebody acts after leaving
W03    somebody acts towards themselves: kept, left out of networks and models
W04    one member, or bots and staff, write much of the text
W05    windows without any activity: an outage or a gap in the export?
W06    few responded at a wave
W07    the same text again and again within a day
W08    membership is visible only through activity, so lurkers cannot be seen
W09    some joined before the observation starts: survival needs delayed entry
W10    answers, ties or roster rows of members who were absent at that wave: no view uses them
N01    consent, joins, waves or a roster were not given: what is assumed instead
N02    references that were dropped, blanked or stubbed
N03    text or answers removed for want of consent
=====  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coplearn._checks import listing, plural
from coplearn.report import Finding
from coplearn.schema import MODES, TABLES, empty
from coplearn.windows import MISSING, as_microseconds, calendar_windows, microseconds

__all__ = ["Rules", "validate"]

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Rules:
    """What to do about repairable faults, and where warnings begin.

    Attributes
    ----------
    on_orphan : {"error", "drop", "stub"}
        A reference that does not resolve is an error; or its row is dropped (an optional reference is
        blanked); or a member is made for it, who joined with the first act.
    without_consent : {"error", "remove"}
        Text (or answers) of members who did not consent is an error, or removed.
    reply_tolerance : float
        Seconds by which a reply may be older than its parent.
    few : int
        Largest audience that counts as 1:few; one person is 1:1, more are 1:many. Used where `mode` is not given.
    prolific, bots : float
        Shares of all messages, by one member and by bots and staff, above which W04 warns.
    gaps : str
        Length of the windows in which W05 looks for silence.
    """

    on_orphan: str = "error"
    without_consent: str = "error"
    reply_tolerance: float = 0.0
    few: int = 7
    prolific: float = 0.2
    bots: float = 0.1
    gaps: str = "month"

    def __post_init__(self) -> None:
        for name, allowed in (("on_orphan", ("error", "drop", "stub")), ("without_consent", ("error", "remove"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}; choose one of {', '.join(allowed)}.")


@dataclass
class Draft:
    """Tables on their way through the rules; repairs replace frames, findings accumulate."""

    tables: Tables
    rules: Rules
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    given: frozenset[str]
    findings: list[Finding] = field(default_factory=list)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def say(self, code: str, table: str, count: int, message: str) -> None:
        level = {"E": "error", "W": "warning", "N": "note"}[code[0]]
        self.findings.append(Finding(code, level, table, int(count), message))

    @property
    def failed(self) -> bool:
        return any(f.level == "error" for f in self.findings)


def validate(
    tables: Tables, rules: Rules, start: pd.Timestamp | None, end: pd.Timestamp | None, given: frozenset[str]
) -> tuple[Tables, pd.Timestamp, pd.Timestamp, list[Finding]]:
    """Check prepared tables against every rule, making the repairs that `rules` allow.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Canonical frames from :func:`coplearn.schema.prepare`.
    rules : Rules
    start, end : Timestamp or None
        Observation window; None means from the first to the last instant recorded.
    given : frozenset of str
        Names ``"members.consent"`` and tables that the user supplied, for the notes on assumptions.

    Returns
    -------
    tables, start, end, findings
        Later stages are left out once an earlier one found errors, since they would only repeat it.
    """
    draft = Draft(dict(tables), rules, start, end, given)
    for stage in (_keys, _waves, _references, _modes, _window, _joins, _contents):
        stage(draft)
        if draft.failed:
            break
    else:
        for warn in WARNINGS:
            warn(draft)
    first = draft.start if draft.start is not None else pd.Timestamp(0, tz="UTC")
    last = draft.end if draft.end is not None else first
    return draft.tables, first, last, draft.findings


# --- keys and references ---------------------------------------------------------------------------


def _keys(draft: Draft) -> None:
    """E01: keys are unique; E07: there is somebody."""
    if draft["members"].empty:
        draft.say("E07", "members", 0, "there are no members. Give one row a member.")
        return
    for name, table in TABLES.items():
        frame = draft[name]
        if not table.key or frame.empty:
            continue
        keys = frame.index if table.index else pd.MultiIndex.from_frame(frame[list(table.key)])
        again = keys.duplicated()
        if again.any():
            which = keys[again].unique()
            shown = listing(which if table.index else ["/".join(map(str, k)) for k in which])
            draft.say(
                "E01",
                name,
                int(again.sum()),
                f"{name}: {plural(len(which), 'key')} ({', '.join(table.key)}) more than once: {shown}. "
                "Keep one row of each.",
            )


def _waves(draft: Draft) -> None:
    """Waves that were not given are those that the other tables name (N01)."""
    named = [draft[t]["wave"] for t in ("ties", "roster", "responses") if len(draft[t])]
    if named and not len(draft["waves"]):
        labels = pd.Index(pd.concat(named).unique()).sort_values()
        waves = empty("waves").reindex(labels)
        draft.tables["waves"] = waves.rename_axis("wave")
        draft.say(
            "N01",
            "waves",
            len(labels),
            f"waves were not given: {listing(labels)} are taken from the other tables, without dates. "
            "Everybody counts as present at each of them.",
        )


def _references(draft: Draft) -> None:
    """E01: every reference resolves, or is repaired as the rules say (N02)."""
    for _ in TABLES:  # a row that goes may have been named by another
        before = len(draft.findings)
        _refer(draft)
        if draft.failed or len(draft.findings) == before:
            break


def _refer(draft: Draft) -> None:
    if not len(draft["spaces"]) and any(draft[t]["space"].notna().any() for t in ("events", "messages")):
        names = pd.concat([draft["events"]["space"], draft["messages"]["space"]]).dropna().unique()
        draft.tables["spaces"] = empty("spaces").reindex(pd.Index(sorted(names), name="space"))
    for name, table in TABLES.items():
        for column in table:
            if column.refers is None or draft[name].empty:
                continue
            if column.refers == "messages" and "messages" not in draft.given:
                continue  # message ids may point to text that stays with its owner
            _resolve(draft, name, column.name, column.refers, column.required)


def _modes(draft: Draft) -> None:
    """The mode of an event follows from its audience where it was not given; without a receiver it is a broadcast."""
    events = draft["events"]
    audience = events["audience"].to_numpy(dtype=float, na_value=np.nan)
    derived = np.select(
        [audience == 1, (audience > 1) & (audience <= draft.rules.few), audience > draft.rules.few],
        list(MODES),
        default="",
    )
    derived = np.where(np.isnan(audience) & events["receiver"].isna(), "1:many", derived)
    known = pd.Series(derived, index=events.index, dtype="str")
    mode = events["mode"].where(events["mode"].notna(), known.where(known != ""))
    draft.tables["events"] = events.assign(mode=mode)


def _resolve(draft: Draft, name: str, column: str, target: str, required: bool) -> None:
    values = draft[name][column]
    orphan = values.notna() & ~values.isin(draft[target].index)
    if not orphan.any():
        return
    ids = values[orphan].unique()
    rows = np.flatnonzero(orphan.to_numpy())
    where = f"{name}.{column}: not in {target}: {listing(ids)} ({plural(len(rows), 'row')}: {listing(rows)})."
    if draft.rules.on_orphan == "error":
        hint = f" Add them to {target}, or pass rules=cl.Rules(on_orphan='drop')"
        hint += " or 'stub'." if target == "members" else "."
        if target == "waves":
            hint += f" Waves are {listing(draft[target].index)} ({draft[target].index.dtype})."
        draft.say("E01", name, len(rows), where + hint)
    elif draft.rules.on_orphan == "stub" and target == "members":
        stubs = empty("members").reindex(pd.Index(sorted(ids), name="member"))
        stubs = stubs.assign(joined_inferred=True, is_bot=False, consent="metadata")
        draft.tables["members"] = pd.concat([draft["members"], stubs])
        draft.say("N02", name, len(ids), where + " Each was made a member, consent 'metadata'.")
    elif required or target == "members":  # an event towards an unknown member is no broadcast
        draft.tables[name] = draft[name][~orphan]
        if TABLES[name].index is None:
            draft.tables[name] = draft.tables[name].reset_index(drop=True)
        draft.say("N02", name, len(rows), where + " These rows were dropped.")
    else:
        draft.tables[name] = draft[name].assign(**{column: values.where(~orphan)})
        draft.say("N02", name, len(rows), where + " The reference was blanked.")


# --- time ------------------------------------------------------------------------------------------


def _acts(draft: Draft) -> Iterator[tuple[pd.Series, np.ndarray, np.ndarray]]:
    """(members, earliest, latest) of everything that members did, in microseconds.

    An answer or a returned roster was given some time while its wave was open.
    """
    for table, column in (("events", "sender"), ("messages", "author")):
        times = as_microseconds(draft[table]["time"])
        yield draft[table][column], times, times
    waves, roster = draft["waves"], draft["roster"]
    opens, closes = as_microseconds(waves["opens"]), as_microseconds(waves["closes"])
    closes = np.where(closes == MISSING, opens, closes - 1)
    for frame, column in (
        (draft["responses"].dropna(subset=["value"]), "member"),
        (draft["ties"], "ego"),
        (roster[roster["responded"]], "member"),
    ):
        wave = waves.index.get_indexer(frame["wave"])
        dated = (wave >= 0) & (opens[wave] != MISSING) if len(waves) else np.zeros(len(frame), dtype=bool)
        yield frame[column][dated], opens[wave[dated]], np.maximum(closes, opens)[wave[dated]]


def _window(draft: Draft) -> None:
    """E02: instants lie inside the observation window, which by default spans what is recorded."""
    instants = [t for t in (draft["events"]["time"], draft["messages"]["time"]) if len(t)]
    opens = [t for t in (draft["waves"]["opens"], draft["waves"]["closes"]) if t.notna().any()]
    first = min((t.min() for t in instants + opens), default=None)
    last = max((t.max() for t in instants + opens), default=None)
    if first is None or last is None:
        known = draft["members"][["joined", "left"]].stack().dropna()
        first, last = (known.min(), known.max()) if len(known) else (pd.Timestamp(0, tz="UTC"),) * 2
    draft.start = draft.start if draft.start is not None else first
    draft.end = draft.end if draft.end is not None else last
    if draft.start > draft.end:
        draft.say(
            "E02",
            "study",
            1,
            f"the observation starts on {draft.start:%Y-%m-%d}, after it ends on {draft.end:%Y-%m-%d}. "
            "Swap start and end.",
        )
    for name in ("events", "messages"):
        times = draft[name]["time"]
        outside = (times < draft.start) | (times > draft.end)
        if outside.any():
            rows = np.flatnonzero(outside.to_numpy())
            draft.say(
                "E02",
                name,
                len(rows),
                f"{name}: {plural(len(rows), 'row')} outside the observation window {draft.start:%Y-%m-%d} to "
                f"{draft.end:%Y-%m-%d} (row {listing(rows)}; {times[outside].min():%Y-%m-%d} to "
                f"{times[outside].max():%Y-%m-%d}). Widen start/end or remove the rows.",
            )
    members = draft["members"]
    early = members["left"] < members["joined"]
    if early.any():
        who = members.index[early]
        draft.say(
            "E02",
            "members",
            len(who),
            f"{plural(len(who), 'member')} left before joining: {listing(who)}. Swap or blank the dates.",
        )
    late = members["joined"] > draft.end
    if late.any():
        who = members.index[late]
        draft.say(
            "E02",
            "members",
            len(who),
            f"{plural(len(who), 'member')} joined after the observation ended on {draft.end:%Y-%m-%d}: {listing(who)}. "
            "Remove them or move the end.",
        )
    waves = draft["waves"]
    strange = (waves["opens"] < draft.start) | (waves["opens"] > draft.end)
    if strange.any():
        draft.say(
            "E02",
            "waves",
            int(strange.sum()),
            f"wave {listing(waves.index[strange])} opens outside the observation window {draft.start:%Y-%m-%d} to "
            f"{draft.end:%Y-%m-%d}. Widen start/end or correct the date.",
        )
    backwards = (waves["closes"] < waves["opens"]) | (waves["opens"].dropna().diff() < pd.Timedelta(0))
    if backwards.any():
        which = listing(waves.index[backwards.reindex(waves.index, fill_value=False)])
        draft.say(
            "E02",
            "waves",
            int(backwards.sum()),
            f"wave {which} closes before it opens, or opens before the one above it. Order the waves in time.",
        )


def _joins(draft: Draft) -> None:
    """Missing joins are the first appearance; joins dated after the first act are moved back (W01)."""
    members = draft["members"]
    never = np.iinfo(np.int64).max
    first, must = np.full(len(members), never), np.full(len(members), never)
    for who, earliest, latest in _acts(draft):
        codes = members.index.get_indexer(who)
        np.minimum.at(first, codes[codes >= 0], earliest[codes >= 0])
        np.minimum.at(must, codes[codes >= 0], latest[codes >= 0])
    addressed = first.copy()  # who is addressed is there, but did not act
    codes = members.index.get_indexer(draft["events"]["receiver"])
    np.minimum.at(addressed, codes[codes >= 0], as_microseconds(draft["events"]["time"])[codes >= 0])
    joined, left = as_microseconds(members["joined"]).copy(), as_microseconds(members["left"])
    unknown = joined == MISSING
    early = ~unknown & (must < joined)
    if early.any():
        days = (joined[early] - must[early]) / 86_400e6
        who = members.index[early]
        draft.say(
            "W01",
            "members",
            len(who),
            f"{plural(len(who), 'member')} acted before joining, by up to {days.max():,.0f} days: {listing(who)}. "
            "Each join was moved back to the first act.",
        )
    if unknown.any():
        draft.say(
            "N01",
            "members",
            int(unknown.sum()),
            f"{plural(int(unknown.sum()), 'join')} not given: taken from the first appearance, or else the start.",
        )
    assert draft.start is not None
    joined[early] = first[early]
    guess = np.where(addressed < never, addressed, microseconds(draft.start))
    guess = np.where(left == MISSING, guess, np.minimum(guess, left))
    joined[unknown] = guess[unknown]
    draft.tables["members"] = members.assign(
        joined=pd.DatetimeIndex(joined.astype("datetime64[us]")).tz_localize("UTC"),
        joined_inferred=members["joined_inferred"].to_numpy() | unknown | early,
    )


# --- contents --------------------------------------------------------------------------------------


def _contents(draft: Draft) -> None:
    for check in (_weights, _answers, _ties, _replies, _consent):
        check(draft)


def _weights(draft: Draft) -> None:
    """E07: an event weighs something."""
    odd = ~(draft["events"]["weight"] > 0).to_numpy()
    if odd.any():
        rows = np.flatnonzero(odd)
        draft.say(
            "E07",
            "events",
            len(rows),
            f"events.weight is missing or not positive in {plural(len(rows), 'row')} (row {listing(rows)}). "
            "Give a positive weight, or leave the column out: then each event weighs 1.",
        )


def _answers(draft: Draft) -> None:
    """E03: an answer lies inside its item's range."""
    responses, items = draft["responses"], draft["items"]
    if responses.empty:
        return
    item = items.reindex(responses["item"])
    value = responses["value"].to_numpy()
    low, high = item["min"].to_numpy(), item["max"].to_numpy()
    whole = ~item["continuous"].to_numpy(dtype=bool)
    with np.errstate(invalid="ignore"):
        outside = (value < low) | (value > high)
        broken = whole & ~np.isnan(value) & (value != np.round(value))
    if outside.any():
        row = np.flatnonzero(outside)
        example = responses.iloc[row[0]]
        draft.say(
            "E03",
            "responses",
            len(row),
            f"{plural(len(row), 'answer')} outside the item's range: member {example['member']}, wave "
            f"{example['wave']}, item {example['item']} is {example['value']:g}, allowed {low[row[0]]:g} to "
            f"{high[row[0]]:g} (row {listing(row)}). Code non-answers as missing, or correct the item's range.",
        )
    if broken.any():
        row = np.flatnonzero(broken)
        draft.say(
            "E03",
            "responses",
            len(row),
            f"{plural(len(row), 'answer')} not in whole numbers (row {listing(row)}; first {value[row[0]]:g}). "
            "Declare the item continuous=True if it is.",
        )
    backwards = items["min"] >= items["max"]
    if backwards.any():
        draft.say(
            "E03", "items", int(backwards.sum()), f"item {listing(items.index[backwards])}: min is not below max."
        )


def _ties(draft: Draft) -> None:
    """E04: a tie joins two listed members, and ego responded."""
    ties = draft["ties"]
    if ties.empty:
        return

    def bad(mask: np.ndarray, what: str, todo: str) -> None:
        if mask.any():
            row = np.flatnonzero(mask)
            t = ties.iloc[row[0]]
            shown = f"wave {t['wave']}, {t['network']}, {t['ego']} to {t['alter']}"
            draft.say(
                "E04", "ties", len(row), f"{plural(len(row), 'tie')} {what}: {shown} (row {listing(row)}). {todo}"
            )

    bad((ties["ego"] == ties["alter"]).to_numpy(), "with ego as alter", "Remove them.")
    bad(~(ties["value"] > 0).to_numpy(), "without a positive value", "A zero is the absence of a row.")
    roster = draft["roster"]
    if roster.empty:
        draft.say(
            "N01",
            "roster",
            0,
            "a roster was not given: everybody present at a wave counts as listed and as having responded, so an "
            "absent tie is a zero. Give a roster if some did not respond.",
        )
        return
    key = ["wave", "member"]
    listed = pd.MultiIndex.from_frame(roster.loc[roster["listed"], key])
    responded = pd.MultiIndex.from_frame(roster.loc[roster["responded"], key])
    ego, alter = (pd.MultiIndex.from_frame(ties[["wave", side]]) for side in ("ego", "alter"))
    bad(
        ~(ego.isin(listed) & alter.isin(listed)),
        "with somebody not listed at that wave",
        "List them or remove the tie.",
    )
    bad(~ego.isin(responded), "from an ego who did not respond", "Mark ego as responded or remove the tie.")


def _replies(draft: Draft) -> None:
    """E05: a reply is not older than its parent and stays in its thread."""
    messages = draft["messages"]
    parent = messages.index.get_indexer(messages["reply_to"])
    has = parent >= 0
    if not has.any():
        return
    itself = parent == np.arange(len(messages))
    if itself.any():
        shown = listing(messages.index[itself])
        draft.say("E05", "messages", int(itself.sum()), f"message {shown} replies to itself. Blank reply_to.")
    times = as_microseconds(messages["time"])
    older = has & (times + draft.rules.reply_tolerance * 1e6 < times[parent])
    thread = messages["thread"]
    moved = has & (thread.notna() & thread.iloc[parent].notna().to_numpy()).to_numpy()
    moved &= thread.to_numpy(dtype=object) != thread.to_numpy(dtype=object)[parent]
    for mask, what, todo in (
        (
            older,
            "older than the message replied to",
            "Check the clocks, or pass rules=cl.Rules(reply_tolerance=seconds).",
        ),
        (moved, "in reply to a message of another thread", "Correct thread or reply_to."),
    ):
        if mask.any():
            shown = listing(messages.index[mask])
            draft.say(
                "E05", "messages", int(mask.sum()), f"{plural(int(mask.sum()), 'message')} {what}: {shown}. {todo}"
            )


def _consent(draft: Draft) -> None:
    """E06: what members did not consent to is not there."""
    members, messages, responses = draft["members"], draft["messages"], draft["responses"]
    if "members.consent" not in draft.given:
        draft.say(
            "N01", "members", len(members), "consent was not given: every member counts as having consented to all."
        )
    consent = members["consent"]
    blank = int((consent == "none").sum())
    if "members.consent" in draft.given and blank:
        who = listing(members.index[consent == "none"])
        draft.say("N01", "members", blank, f"{plural(blank, 'member')} with consent none, or left blank: {who}.")
    silent = consent.isin(["none", "metadata"])
    text = messages["text"].notna() & messages["author"].isin(members.index[silent])
    answers = responses["member"].isin(members.index[consent == "none"])
    who = pd.Index(pd.concat([messages["author"][text], responses["member"][answers]]).unique())
    if not len(who):
        return
    what = (
        f"{plural(int(text.sum()), 'text')} and {plural(int(answers.sum()), 'answer')} of {plural(len(who), 'member')}"
    )
    if draft.rules.without_consent == "error":
        draft.say(
            "E06",
            "members",
            len(who),
            f"{what} whose consent does not cover them: {listing(who)}. Remove them, or pass "
            "rules=cl.Rules(without_consent='remove').",
        )
        return
    draft.tables["messages"] = messages.assign(text=messages["text"].where(~text))
    draft.tables["responses"] = responses[~answers].reset_index(drop=True)
    draft.say("N03", "members", len(who), f"{what} were removed for want of consent: {listing(who)}.")


# --- warnings --------------------------------------------------------------------------------------


def _after_leaving(draft: Draft) -> None:
    members = draft["members"]
    left = as_microseconds(members["left"])
    if (left == MISSING).all():
        return
    late: set[str] = set()
    times = 0
    for who, earliest, _ in _acts(draft):
        codes = members.index.get_indexer(who)
        after = (left[codes] != MISSING) & (earliest > left[codes])
        times += int(after.sum())
        late.update(who[after])
    if times:
        draft.say(
            "W02",
            "members",
            times,
            f"{plural(len(late), 'member')} acted after leaving, {plural(times, 'time')}: "
            f"{listing(sorted(late))}. Is the leave date right?",
        )


def _absent(draft: Draft) -> None:
    """W10: what is said by or of members who were absent at the wave, which no view uses."""
    waves, members = draft["waves"], draft["members"]
    parts: list[str] = []
    who: set[str] = set()
    rows = 0
    joined, left = as_microseconds(members["joined"]), as_microseconds(members["left"])
    opens, closes = as_microseconds(waves["opens"]), as_microseconds(waves["closes"])
    closes = np.where(closes == MISSING, opens + 1, np.maximum(closes, opens + 1))
    for table, columns in (("responses", ["member"]), ("ties", ["ego", "alter"]), ("roster", ["member"])):
        frame = draft[table]
        if frame.empty or waves.empty:
            continue
        wave = waves.index.get_indexer(frame["wave"])
        away = np.zeros(len(frame), dtype=bool)
        for column in columns:
            code = members.index.get_indexer(frame[column])
            gone = (joined[code] >= closes[wave]) | ((left[code] != MISSING) & (left[code] <= opens[wave]))
            gone &= opens[wave] != MISSING
            who.update(frame[column][gone])
            away |= gone
        if away.any():
            rows += int(away.sum())
            parts.append(f"{int(away.sum()):,} {'answers' if table == 'responses' else table}")
    if rows:
        draft.say(
            "W10",
            "waves",
            rows,
            f"{' and '.join(parts)} concern members who were absent at that wave: {listing(sorted(who))}. "
            "Scores, panels and networks leave them out. Are the dates right?",
        )


def _self_events(draft: Draft) -> None:
    events = draft["events"]
    own = (events["sender"] == events["receiver"]).to_numpy(dtype=bool, na_value=False)
    if own.any():
        draft.say(
            "W03",
            "events",
            int(own.sum()),
            f"{plural(int(own.sum()), 'event')} from a member to the same member: kept, "
            "and left out of networks and models.",
        )


def _prolific(draft: Draft) -> None:
    messages, members = draft["messages"], draft["members"]
    if len(messages) < 20:
        return
    share = messages["author"].value_counts(normalize=True)
    for name, part in share[share > draft.rules.prolific].items():
        draft.say(
            "W04",
            "messages",
            1,
            f"member {name} wrote {part:.0%} of all messages. Results may describe one person: repeat them without.",
        )
    aided = members.index[members["is_bot"] | members["role"].isin(["staff", "facilitator"])]
    part = float(share.reindex(aided).sum())
    if part > draft.rules.bots:
        draft.say("W04", "messages", len(aided), f"bots and staff wrote {part:.0%} of all messages.")


def _silences(draft: Draft) -> None:
    times = pd.concat([draft["events"]["time"], draft["messages"]["time"]])
    if times.empty or draft.start is None or draft.end is None:
        return
    windows = calendar_windows(draft.start, draft.end, draft.rules.gaps)
    counts = np.bincount(windows.locate(times), minlength=len(windows))
    quiet = [label for label, count in zip(windows.labels, counts, strict=True) if count == 0]
    if quiet:
        draft.say(
            "W05",
            "events",
            len(quiet),
            f"no activity in {len(quiet)} of {len(windows)} {draft.rules.gaps}s: {listing(quiet)}. "
            "An outage, or is a part of the export missing?",
        )


def _response_rates(draft: Draft) -> None:
    roster, responses, members, waves = draft["roster"], draft["responses"], draft["members"], draft["waves"]
    low: list[str] = []
    if len(roster):
        rate = roster[roster["listed"]].groupby("wave")["responded"].mean()
        low += [f"roster wave {wave}: {value:.0%}" for wave, value in rate.items() if value < 0.8]
    if len(responses):
        answered = responses.dropna(subset=["value"]).groupby("wave")["member"].nunique()
        for wave, opens in waves["opens"].items():
            gone = (members["joined"] > opens) | (members["left"] <= opens) if pd.notna(opens) else False
            there = int((~(gone | members["is_bot"])).sum())
            share = answered.get(wave, 0) / there if there else 1.0
            if share < 0.5:
                low.append(f"survey wave {wave}: {share:.0%}")
    if low:
        draft.say(
            "W06",
            "roster",
            len(low),
            f"few responded: {listing(low)}. Compare responders with the others before you conclude.",
        )


def _repeated_text(draft: Draft) -> None:
    messages = draft["messages"]
    text = messages["text"].dropna()
    text = text[text.str.len() >= 20]
    often = text[text.duplicated(keep=False)]
    if often.empty:
        return
    frame = messages.loc[often.index, ["time"]].assign(text=often).sort_values(["text", "time"])
    again = frame.groupby("text")["time"].shift(-4) - frame["time"] <= pd.Timedelta(days=1)
    if again.any():
        count = frame.loc[again, "text"].nunique()
        draft.say(
            "W07",
            "messages",
            int(again.sum()),
            f"{plural(count, 'text')} posted five times or more within a day (first: message "
            f"{frame.index[again][0]}). Spam or cross-posts?",
        )


def _lurkers(draft: Draft) -> None:
    if draft["members"]["joined_inferred"].all() and draft["roster"].empty:
        draft.say(
            "W08",
            "members",
            len(draft["members"]),
            "membership is visible only through activity: lurkers cannot be seen, and every share of members is a "
            "share of observed members.",
        )


def _truncation(draft: Draft) -> None:
    before = draft["members"]["joined"] < draft.start
    if before.any():
        draft.say(
            "W09",
            "members",
            int(before.sum()),
            f"{plural(int(before.sum()), 'member')} joined before the observation started on "
            f"{draft.start:%Y-%m-%d}: tenure and survival need delayed entry.",
        )


WARNINGS: tuple[Callable[[Draft], None], ...] = (
    _after_leaving,
    _absent,
    _self_events,
    _prolific,
    _silences,
    _response_rates,
    _repeated_text,
    _lurkers,
    _truncation,
)
