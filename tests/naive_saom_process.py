"""The actor-oriented process as the formulas read: everything counted from scratch at every ministep.

One directed network and at most one behavior, for which the evaluation functions below are enough. Actor statistics
``s_i`` take the ties x, the centred behavior z, the centred covariate v, and the constants of the similarity.
"""

import numpy as np

NETWORK = {
    "density": lambda i, x, z, v, c: x[i].sum(),
    "recip": lambda i, x, z, v, c: (x[i] * x[:, i]).sum(),
    "transTrip": lambda i, x, z, v, c: (np.outer(x[i], x[i]) * x).sum(),
    "cycle3": lambda i, x, z, v, c: (x[i][:, None] * x * x[:, i][None, :]).sum(),
    "egoX": lambda i, x, z, v, c: v[i] * x[i].sum(),
    "altX": lambda i, x, z, v, c: (x[i] * v).sum(),
    "egoX of z": lambda i, x, z, v, c: z[i] * x[i].sum(),
    "altX of z": lambda i, x, z, v, c: (x[i] * z).sum(),
    "simX of z": lambda i, x, z, v, c: (x[i] * (1 - np.abs(z - z[i]) / c["range"] - c["sim"])).sum(),
}
BEHAVIOR = {
    "linear": lambda i, x, z, v, c: z[i],
    "quad": lambda i, x, z, v, c: z[i] ** 2,
    "avSim": lambda i, x, z, v, c: (x[i] * (1 - np.abs(z - z[i]) / c["range"] - c["sim"])).sum() / max(x[i].sum(), 1),
    "avAlt": lambda i, x, z, v, c: z[i] * (x[i] * z).sum() / max(x[i].sum(), 1),
}


def options_of_tie(i, x, z, v, c, theta):
    """Probabilities of toggling x_ij for each j (j = i: nothing), and the change of every statistic with each."""
    n = len(x)
    change = np.zeros((n, len(theta)))
    for j in range(n):
        if j != i:
            toggled = x.copy()
            toggled[i, j] = 1 - x[i, j]
            change[j] = [NETWORK[k](i, toggled, z, v, c) - NETWORK[k](i, x, z, v, c) for k in theta]
    u = np.exp(change @ np.array(list(theta.values())))
    return u / u.sum(), change


def options_of_step(i, x, z, v, c, theta):
    """The same for steps -1, 0, 1 of the behavior within its range."""
    change, allowed = np.zeros((3, len(theta))), np.ones(3, bool)
    for d in (-1, 0, 1):
        moved = z.copy()
        moved[i] += d
        allowed[d + 1] = c["low"] - 1e-9 <= moved[i] <= c["high"] + 1e-9
        change[d + 1] = [BEHAVIOR[k](i, x, moved, v, c) - BEHAVIOR[k](i, x, z, v, c) for k in theta]
    u = np.exp(change @ np.array(list(theta.values()))) * allowed
    return u / u.sum(), change


def simulate(x, z, v, c, rates, net, behavior, rng, until=None):
    """One period. `net` and `behavior` are dicts of effect to parameter, `rates` one or two numbers.

    `until`: stop when that many ties differ from the start (conditional), the rate of the network being 1. Returns ties
    and centred behavior at the end, scores (rates, network, behavior) and the clock.
    """
    start, x, z, n = x, x.copy(), z.copy(), len(x)
    clock, scores = 0.0, np.zeros(len(rates) + len(net) + len(behavior))
    total = n * sum(rates)
    while True:
        wait = rng.exponential(1 / total)
        if until is None and clock + wait > 1:
            scores[: len(rates)] -= (1 - clock) * n
            return x, z, scores, 1.0
        clock += wait
        scores[: len(rates)] -= wait * n
        which = int(rng.random() < (rates[1] / sum(rates))) if len(rates) > 1 else 0
        scores[which] += 1 / rates[which]
        i = int(rng.integers(n))
        if which == 0:
            p, change = options_of_tie(i, x, z, v, c, net)
            j = int(rng.choice(n, p=p))
            scores[len(rates) : len(rates) + len(net)] += change[j] - p @ change
            if j != i:
                x[i, j] = 1 - x[i, j]
            if until is not None and np.abs(x - start).sum() >= until:
                return x, z, scores, clock
        else:
            p, change = options_of_step(i, x, z, v, c, behavior)
            d = int(rng.choice(3, p=p))
            scores[len(rates) + len(net) :] += change[d] - p @ change
            z[i] += d - 1


def statistics(x, z, x_end, z_end, v, c, net, behavior):
    """Moments of one period: changes, network effects at the end with z at the start, behavior effects the reverse."""
    n = len(x)
    scale = {"cycle3": 3}
    found = [np.abs(x_end - x).sum()]
    if behavior:
        found.append(np.abs(z_end - z).sum())
    found += [sum(NETWORK[k](i, x_end, z, v, c) for i in range(n)) / scale.get(k, 1) for k in net]
    return np.array([*found, *(sum(BEHAVIOR[k](i, x, z_end, v, c) for i in range(n)) for k in behavior)])
