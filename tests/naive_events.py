"""Slow references for event models: statistics, conventions and likelihoods, from scratch and as their formulas read.

A :class:`Past` is what is known just before a moment. A statistic is a function of it that returns a matrix, row =
sender, column = receiver; one that is about an actor repeats itself along the other side. Names are those of remstats,
because it has most of them; :data:`RELEVENT` and :func:`goldfish` translate. ``risk`` masks say who could have acted.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Past:
    """Events up to a moment, oldest first.

    time, sender, receiver : events e with t_e < now (or listed before, at the same time)
    now : the moment; n : number of actors; weight : of each event, default 1
    memory : ("full",), ("decay", half-life), ("window", w), ("interval", a, b)
    clock : "previous" lets a half-life run to the previous event (remstats), "now" to the moment
    x : covariates, one array an actor each; networks : name -> list of (time, ego, alter, value)
    before : share of each actor where nothing has happened, 1 / n or 1 / (n - 1)
    """

    time: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    now: float
    n: int
    weight: np.ndarray | None = None
    memory: tuple = ("full",)
    clock: str = "previous"
    before: float = float("nan")
    x: dict = field(default_factory=dict)
    networks: dict = field(default_factory=dict)

    def weights(self):
        w = np.ones(len(self.time)) if self.weight is None else np.asarray(self.weight, dtype=float)
        kind = self.memory[0]
        if kind == "full" or not len(self.time):
            return w
        age = self.now - self.time
        if kind == "decay":
            until = self.time[-1] if self.clock == "previous" else self.now
            return w * np.exp(-np.log(2) * (until - self.time) / self.memory[1])
        if kind == "window":
            return w * (age <= self.memory[1])
        return w * ((self.memory[1] < age) & (age <= self.memory[2]))

    def counts(self):
        n = np.zeros((self.n, self.n))
        np.add.at(n, (self.sender, self.receiver), self.weights())
        return n

    def total(self):
        return self.weights().sum()


# --- statistics ------------------------------------------------------------------------------------------


def _of_sender(past, values):
    return np.repeat(np.asarray(values, dtype=float)[:, None], past.n, axis=1)


def _of_receiver(past, values):
    return _of_sender(past, values).T


def _share(past, count, total):
    return count / total if total > 0 else np.full_like(count, past.before)


def degree(past, kind, side, prop=False):
    """In-, out- or total degree of one side."""
    n = past.counts()
    count = {"in": n.sum(0), "out": n.sum(1), "total": n.sum(0) + n.sum(1)}[kind]
    if prop:
        count = _share(past, count, past.total() * (2 if kind == "total" else 1))
    return (_of_sender if side == "sender" else _of_receiver)(past, count)


def inertia(past, prop=False):
    n = past.counts()
    if not prop:
        return n
    out = n.sum(1)
    found = np.full((past.n, past.n), 1 / (past.n - 1))
    for i in range(past.n):
        if out[i] > 0:
            found[i] = n[i] / out[i]
    return found


def reciprocity(past, prop=False):
    n = past.counts()
    if not prop:
        return n.T
    received = n.sum(0)
    found = np.full((past.n, past.n), 1 / (past.n - 1))
    for i in range(past.n):
        if received[i] > 0:
            found[i] = n[:, i] / received[i]
    return found


def shared(past, kind, unique=False):
    """Shared partners: over h, the smaller of two counts, or whether both legs are there (nobody acts on himself)."""
    n = past.counts()
    np.fill_diagonal(n, 0)
    to_h, from_h = n[:, :, None], n[None, :, :]  # [i, h, j]: i -> h and h -> j
    legs = {
        "otp": (to_h, from_h),
        "itp": (n.T[:, :, None], n.T[None, :, :]),  # h -> i, j -> h
        "osp": (to_h, n.T[None, :, :]),  # i -> h, j -> h
        "isp": (n.T[:, :, None], from_h),  # h -> i, h -> j
    }
    one, two = legs[kind]
    found = ((one > 0) & (two > 0)).sum(1).astype(float) if unique else np.minimum(one, two).sum(1)
    np.fill_diagonal(found, 0)
    return found


def participation_shift(past, kind):
    """Whether (i, j) continues the last event (a, b) as `kind` says: AB-BA, AB-BY, ..., A-A."""
    if not len(past.time):
        return np.zeros((past.n, past.n))
    a, b = past.sender[-1], past.receiver[-1]
    i, j = np.indices((past.n, past.n))
    x, y = (i != a) & (i != b), (j != a) & (j != b)
    found = {
        "AB-BA": (i == b) & (j == a),
        "AB-BY": (i == b) & y,
        "AB-XA": x & (j == a),
        "AB-XB": x & (j == b),
        "AB-XY": x & y,
        "AB-AY": (i == a) & y,
        "AB-AB": (i == a) & (j == b),
        "A-A": i == a,
        "B-A": i == b,
    }[kind]
    return found.astype(float)


def recency_rank(past, kind):
    """1 / rank of j among those i has sent to (send) or who have sent to i (receive), most recent first."""
    ranked = [[] for _ in range(past.n)]
    for s, r in zip(past.sender.tolist()[::-1], past.receiver.tolist()[::-1], strict=True):
        i, other = (s, r) if kind == "send" else (r, s)
        if other not in ranked[i]:
            ranked[i].append(other)
    found = np.zeros((past.n, past.n))
    for i in range(past.n):
        for rank, j in enumerate(ranked[i], 1):
            found[i, j] = 1 / rank
    return found


def recency(past, kind, side=None):
    """1 / (time since + 1); 0 if never. continue: since i -> j; send, receive: since that side acted so."""
    last = np.full((past.n, past.n), -np.inf)
    for t, s, r in zip(past.time, past.sender, past.receiver, strict=True):
        last[s, r] = t
    if kind != "continue":
        actor = last.max(1 if kind == "send" else 0)
        last = (_of_sender if side == "sender" else _of_receiver)(past, actor)
    return 1 / (past.now - last + 1)


def covariate(past, kind, name):
    x = np.asarray(past.x[name], dtype=float)
    ego, alter = _of_sender(past, x), _of_receiver(past, x)
    return {
        "send": ego,
        "receive": alter,
        "same": (ego == alter).astype(float),
        "difference": np.abs(ego - alter),
        "average": (ego + alter) / 2,
        "maximum": np.maximum(ego, alter),
        "minimum": np.minimum(ego, alter),
    }[kind]


def standardized(values, risk):
    """Mean 0 and standard deviation 1 (denominator D - 1) over the dyads at risk; 0 where all are equal."""
    at = values[risk]
    spread = at.std(ddof=1)
    return (values - at.mean()) / spread if np.ptp(at) > 0 else np.zeros_like(values)


_SHIFTS = {f"ps{k.replace('-', '')}": k for k in ("AB-BA", "AB-BY", "AB-XA", "AB-XB", "AB-XY", "AB-AY", "AB-AB")}
_SHIFTS |= {"psABA": "A-A", "psABB": "B-A"}

RELEVENT = {
    "NIDSnd": ("indegreeSender", "prop"),
    "NIDRec": ("indegreeReceiver", "prop"),
    "NODSnd": ("outdegreeSender", "prop"),
    "NODRec": ("outdegreeReceiver", "prop"),
    "NTDegSnd": ("totaldegreeSender", "prop"),
    "NTDegRec": ("totaldegreeReceiver", "prop"),
    "FrPSndSnd": ("inertia", "prop"),
    "FrRecSnd": ("reciprocity", "prop"),
    "RSndSnd": ("rrankSend", "none"),
    "RRecSnd": ("rrankReceive", "none"),
    "OTPSnd": ("otp", "none"),
    "ITPSnd": ("itp", "none"),
    "OSPSnd": ("osp", "none"),
    "ISPSnd": ("isp", "none"),
    **{shift.replace("psAB", "PSAB-"): (shift, "none") for shift in _SHIFTS if len(shift) == 6},
    "x_sender": ("send_x", "none"),
    "x_receiver": ("receive_x", "none"),
    "same_group": ("same_group", "none"),
    "baseline": ("baseline", "none"),
}
"""Name in relevent -> name in remstats and scaling; shares are 1 / (n - 1) before the first event."""


def statistic(past, name, scaling="none", risk=None):
    """Any statistic of remstats by name: ``otp``, ``otp.unique``, ``psABBA``, ``send_x``, ``inertia:same_group``."""
    if ":" in name:
        parts = [statistic(past, part, scaling, risk) for part in name.split(":")]
        return np.prod(parts, axis=0)
    prop, unique = scaling == "prop", name.endswith(".unique")
    base = name.removesuffix(".unique")
    kind, _, variable = base.partition("_")
    if base == "baseline":
        return np.ones((past.n, past.n))
    if base == "inertia":
        found = inertia(past, prop)
    elif base == "reciprocity":
        found = reciprocity(past, prop)
    elif base in ("otp", "itp", "osp", "isp"):
        found = shared(past, base, unique)
    elif base == "totaldegreeDyad":
        found = degree(past, "total", "sender", prop) + degree(past, "total", "receiver", prop)
        if prop and past.total() == 0 and past.clock == "previous":
            found = found / 2  # remstats documents 1 / n for a pair, too
    elif "degree" in base:
        direction, side = base.split("degree")
        found = degree(past, direction, side.lower(), prop)
    elif base in _SHIFTS:
        found = participation_shift(past, _SHIFTS[base])
    elif base in ("rrankSend", "rrankReceive"):
        found = recency_rank(past, base.removeprefix("rrank").lower())
    elif base == "recencyContinue":
        found = recency(past, "continue")
    elif base.startswith("recency"):
        side = "sender" if base.endswith("Sender") else "receiver"
        found = recency(past, "send" if base.startswith("recencySend") else "receive", side)
    else:
        found = covariate(past, kind, variable)
    return standardized(found, risk) if scaling == "std" else found


# --- goldfish --------------------------------------------------------------------------------------------


def network(past, name, window=None, weighted=False):
    """The named network just before the moment: calls so far ("calls"), or the last values of a second network."""
    y = np.zeros((past.n, past.n))
    if name == "calls":
        for t, i, j in zip(past.time, past.sender, past.receiver, strict=True):
            if window is None or past.now <= t + window:
                y[i, j] += 1
    else:
        for t, i, j, value in past.networks[name]:
            if t < past.now:
                y[i, j] = value
    return y if weighted else (y > 0).astype(float)


def goldfish(past, name, variable, side="alter", weighted=False, log1p=False, window=None):
    """A statistic of goldfish; `side` is the candidate whose degree or covariate is meant."""
    of_side = _of_sender if side == "ego" else _of_receiver
    if name in ("same", "ego", "alter"):
        x = np.asarray(past.x[variable], dtype=float)
        x = np.where(np.isnan(x), np.nanmean(x), x)
        if name == "same":
            return (_of_sender(past, x) == _of_receiver(past, x)).astype(float)
        return (_of_sender if name == "ego" else _of_receiver)(past, x)
    y = network(past, variable, window, weighted)
    if name in ("inertia", "tie"):
        found = y
    elif name == "recip":
        found = y.T
    elif name == "indeg":
        found = of_side(past, y.sum(0))
    elif name == "outdeg":
        found = of_side(past, y.sum(1))
    else:
        b = (y > 0).astype(float)
        np.fill_diagonal(b, 0)
        found = {"trans": b @ b, "cycle": (b @ b).T, "common_sender": b.T @ b, "common_receiver": b @ b.T}[name]
        np.fill_diagonal(found, 0)
    return np.log1p(found) if log1p else found


# --- likelihoods -----------------------------------------------------------------------------------------


def ordinal(stages, beta):
    """Sum over events of log of the share of the observed one; a stage is (x at risk, position of the observed)."""
    llf = 0.0
    for x, seen in stages:
        eta = x @ beta
        llf += eta[seen] - (eta.max() + np.log(np.exp(eta - eta.max()).sum()))
    return llf


def interval(stages, beta):
    """Sum over stretches of log rate of what ended them minus exposure.

    A stage is (x at risk, position of what happened or None, length of the stretch).
    """
    llf = 0.0
    for x, seen, length in stages:
        eta = x @ beta
        llf += (0.0 if seen is None else eta[seen]) - length * np.exp(eta).sum()
    return llf


def coordination(stages, beta):
    """Sum over undirected events of log p_i(j) p_j(i) relative to all pairs; a stage is (x[i, j], i, j)."""
    llf = 0.0
    for x, i, j in stages:
        weight = np.exp(x @ beta)
        np.fill_diagonal(weight, 0)
        p = weight / weight.sum(1, keepdims=True)
        pairs = sum(p[k, h] * p[h, k] for k in range(len(p)) for h in range(k))
        llf += np.log(p[i, j] * p[j, i] / pairs)
    return llf


def maximum(stages, beta=None, rounds=50):
    """Newton's search: estimates, standard errors and log-likelihood. A stage has a length in interval timing."""
    timed = len(stages[0]) == 3
    beta = np.zeros(stages[0][0].shape[1]) if beta is None else np.array(beta, dtype=float)
    llf = interval if timed else ordinal
    for _ in range(rounds):
        slope, information = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        for x, seen, *length in stages:
            eta = x @ beta
            rate = np.exp(eta) * length[0] if timed else np.exp(eta - eta.max()) / np.exp(eta - eta.max()).sum()
            mean = rate @ x
            slope += (0.0 if seen is None else x[seen]) - mean
            information += x.T @ (x * rate[:, None]) - (0.0 if timed else np.outer(mean, mean))
        step, now = np.linalg.solve(information, slope), llf(stages, beta)
        while not llf(stages, beta + step) >= now - 1e-9:
            step = step / 2
        beta = beta + step
        if np.abs(slope @ step) < 1e-18 * max(1.0, abs(now)):
            break
    return beta, np.sqrt(np.diag(np.linalg.inv(information))), llf(stages, beta)
