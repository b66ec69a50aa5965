"""Definitions of structural network effects; the notation is that of ``coplearn.effects.network``."""

from coplearn.effects.network_rows import (
    ANY,
    ONE_MODE,
    Facts,
    bilinear,
    cycle,
    degree,
    effect,
    geometric,
    inverse_root_if_2,
    path,
    product,
    reach,
    root_if_2,
    special,
    triad,
)
from coplearn.kernels import saom_network_terms as t

__all__: list[str] = []

FORWARD, BACKWARD, BOTH, EITHER = t.FORWARD, t.BACKWARD, t.BOTH_WAYS, t.EITHER_WAY
EGO, DYADIC = "ego", "dyadic"
SNIJDERS_2001 = "Snijders (2001), doi:10.1111/0081-1750.00099."
SNIJDERS_2010 = "Snijders, van de Bunt & Steglich (2010), doi:10.1016/j.socnet.2009.02.004."
BLOCK_2015 = "Block (2015), doi:10.1016/j.socnet.2014.10.005."
GEOMETRIC = "Snijders, Pattison, Robins & Handcock (2006), doi:10.1111/j.1467-9531.2006.00176.x."
TWO_MODE = "Koskinen & Edling (2012), doi:10.1016/j.socnet.2010.03.001."


def centre(f: Facts) -> float:
    """The average degree of the own network."""
    return f.own.average_degree


def indegree_centre(f: Facts) -> float:
    """The average indegree of the own network, which differs where the second mode has another size."""
    return f.own.average_degree * (f.context.n_actors / f.own.n_columns if f.own.two_mode else 1.0)


def indegree_mean(f: Facts) -> float:
    """The same, or its root with p = 2."""
    return indegree_centre(f) ** (0.5 if f.p == 2 else 1)


def degree_mean(f: Facts) -> float:
    """The average degree, or its root with p = 2."""
    return f.own.average_degree ** (0.5 if f.p == 2 else 1)


def mutual_mean(f: Facts) -> float:
    return f.own.average_mutual ** (0.5 if f.p == 2 else 1)


# When the method of moments reads the degree; actors always go by the present one.
LAGGED = "; in moments the degree at the end, with p = 0 at the start, with p < 0 at both"
RAW_LAGGED = f"{LAGGED}, with p <= 0 as it is"


def once(f: Facts) -> float:
    """One half in undirected networks, where every tie is seen from both ends."""
    return 1.0 if f.own.directed or f.own.two_mode else 0.5


# Ties, and ties back. In an undirected network each tie is a tie of both its ends; moments count it once.
effect(
    "outdegree",
    "density",
    r"x_{i+} (half of it in undirected networks, in moments)",
    product(scale=once),
    interaction=DYADIC,
    networks=ANY,
    source=SNIJDERS_2001,
)
effect("reciprocity", "recip", r"\sum_j x_{ij} x_{ji}", product(t.BACK), interaction=DYADIC, source=SNIJDERS_2001)

# Two-paths and their closure.
effect(
    "transitive_triplets",
    "transTrip",
    r"\sum_{j,h} x_{ij} x_{ih} x_{hj}",
    path(FORWARD, FORWARD, 3),
    source=SNIJDERS_2001,
)
effect(
    "transitive_triplets_closing",
    "transTrip1",
    r"\sum_j x_{ij} \sum_h x_{ih} x_{hj}, with the other ties as context",
    path(FORWARD, FORWARD, 1),
    interaction=DYADIC,
)
effect(
    "transitive_triplets_sharing",
    "transTrip2",
    r"\sum_j x_{ij} \sum_h x_{ih} x_{jh}, with the other ties as context",
    path(FORWARD, FORWARD, 2, moment=8),
    interaction=DYADIC,
)
effect(
    "transitive_triplets_forward_reciprocated",
    "transTrip.FR",
    r"\sum_{j,h} x_{ij} x_{ih} x_{hj} x_{jh}",
    path(FORWARD, BOTH, 3),
)
effect(
    "transitive_triplets_forward_either",
    "transTrip.FE",
    r"\sum_{j,h} x_{ij} x_{ih} \max(x_{hj}, x_{jh})",
    path(FORWARD, EITHER, 3),
)
effect(
    "transitive_triplets_either",
    "transTrip.EE",
    r"\sum_{j,h} x_{ij} x_{ih} x_{hi} \max(x_{hj}, x_{jh})",
    path(BOTH, EITHER, 3),
)
effect("transitive_mediated_triplets", "transMedTrip", r"\sum_{j,h} x_{ij} x_{hi} x_{hj}", path(BACKWARD, FORWARD, 1))
effect(
    "transitive_reciprocated_triplets",
    "transRecTrip",
    r"\sum_{j,h} x_{ij} x_{ji} x_{ih} x_{hj}",
    path(FORWARD, FORWARD, 3, back=True),
    source=BLOCK_2015,
)
effect(
    "transitive_reciprocated_triplets_2",
    "transRecTrip2",
    r"\sum_{j,h} x_{ij} x_{ih} x_{hj} x_{jh}",
    path(FORWARD, BOTH, 3),
    source=BLOCK_2015,
)
effect(
    "three_cycles",
    "cycle3",
    r"\sum_{j,h} x_{ij} x_{jh} x_{hi} (a third of it in moments)",
    path(BACKWARD, BACKWARD, scale=1 / 3),
    source=SNIJDERS_2001,
)
effect(
    "transitive_ties",
    "transTies",
    r"\sum_j x_{ij} \max_h (x_{ih} x_{hj})",
    path(FORWARD, FORWARD, 3, shape=t.ANY),
    networks=ONE_MODE,
    source=SNIJDERS_2010,
)
effect(
    "transitive_triads",
    "transTriads",
    r"\sum_{j<h} x_{ij} x_{ih} x_{hj}",
    path(FORWARD, FORWARD, 1, scale=0.5),
    networks=("undirected",),
)
effect(
    "betweenness",
    "between",
    r"\sum_{j,h} x_{hi} x_{ij} (1 - x_{hj}) (half of it in an undirected network, but not in moments)",
    path(BACKWARD, FORWARD, 1, factor=-1.0, rest=t.BETWEEN),
    networks=ONE_MODE,
    source=SNIJDERS_2001,
)
effect(
    "balance",
    "balance",
    r"\sum_j x_{ij} \sum_h (b_0 - |x_{ih} - x_{jh}|), b_0 its mean",
    path(FORWARD, FORWARD, 3, factor=2.0, rest=t.BALANCE, constant=lambda f: f.own.balance_mean),
    source=SNIJDERS_2001,
)
effect(
    "in_structural_equivalence",
    "inStructEq",
    r"\sum_j x_{ij} \sum_h (b_0 - |x_{hi} - x_{hj}|), b_0 its mean",
    path(BACKWARD, FORWARD, 1, factor=2.0, rest=t.IN_BALANCE, constant=lambda f: f.own.structural_mean),
)
effect(
    "jaccard_out",
    "Jout",
    r"\sum_j x_{ij} J_{ij}, shared out-choices divided by out-choices of either, with the other ties as context",
    path(FORWARD, BACKWARD, 1, rest=t.JACCARD_OUT),
    interaction=DYADIC,
)
effect(
    "jaccard_in",
    "Jin",
    r"\sum_j x_{ij} J_{ij}, shared in-choices divided by in-choices of either, with the other ties as context",
    path(BACKWARD, FORWARD, 1, rest=t.JACCARD_IN),
    interaction=DYADIC,
)
effect(
    "actors_at_distance_two",
    "nbrDist2",
    r"\#\{j : x_{ij} = 0, \max_h x_{ih} x_{hj} > 0\}",
    reach(FORWARD, t.ANY, untied=True),
    networks=ONE_MODE,
    source=SNIJDERS_2001,
)
effect(
    "actors_doubly_at_distance_two",
    "nbrDist2twice",
    r"\#\{j : x_{ij} = 0, \sum_h x_{ih} x_{hj} \geq 2\}",
    reach(FORWARD, t.AT_LEAST_2, untied=True),
    networks=ONE_MODE,
)
effect(
    "dense_triads",
    "denseTriads",
    r"\sum_{j,h} x_{ij} 1\{i, j, h have at least p of 6 ties\}",
    triad(),
    parameter=5,
    parameters=(5, 6),
)
effect(
    "four_cycles",
    "cycle4",
    r"\frac12 \sum_{j,h,k} x_{ij} x_{ik} x_{hj} x_{hk} (half of it in moments); its root with p = 2 (in moments "
    r"\frac12 \sum_j x_{ij} \sqrt{\sum_{h,k} x_{ik} x_{hj} x_{hk}})",
    cycle(),
    parameter=1,
    networks=ANY,
    source=TWO_MODE,
    parameters=(0, 1, 2),
)
effect(
    "shared_popularity",
    "sharedPop",
    r"\frac12 \sum_{j,h,k} x_{ij} x_{ik} x_{hj} x_{hk} (half of it in moments)",
    cycle(),
    parameters=(0, 1),
)
for short, name, first, second, formula in (
    ("gwespFF", "gwesp_forward", FORWARD, FORWARD, r"x_{ih} x_{hj}"),
    ("gwespBB", "gwesp_backward", BACKWARD, BACKWARD, r"x_{jh} x_{hi}"),
    ("gwespFB", "gwesp_shared_choices", FORWARD, BACKWARD, r"x_{ih} x_{jh}"),
    ("gwespBF", "gwesp_shared_choosers", BACKWARD, FORWARD, r"x_{hi} x_{hj}"),
    ("gwespRR", "gwesp_reciprocated", BOTH, BOTH, r"x_{ih} x_{hi} x_{hj} x_{jh}"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} g(\sum_h {formula}), g(m) = e^\alpha (1 - (1 - e^{{-\alpha}})^m), \alpha = p / 100, "
        "with the other ties as context",
        geometric(first, second),
        parameter=69,
        interaction=DYADIC,
        source=GEOMETRIC,
    )
effect(
    "gwesp",
    "gwesp",
    r"\sum_j x_{ij} g(\sum_h x_{ih} x_{hj}), g as in gwesp_forward, with the other ties as context",
    geometric(FORWARD, FORWARD),
    parameter=69,
    networks=("undirected",),
    interaction=DYADIC,
    source=GEOMETRIC,
)
effect(
    "gwdsp_forward",
    "gwdspFF",
    r"\sum_h g(\sum_j x_{ij} x_{jh}), g as in gwesp_forward",
    reach(FORWARD, t.GEOMETRIC),
    parameter=69,
    source=GEOMETRIC,
)
effect(
    "gwdsp_shared_choices",
    "gwdspFB",
    r"\sum_h g(\sum_j x_{ij} x_{hj}), g as in gwesp_forward",
    reach(BACKWARD, t.GEOMETRIC),
    parameter=69,
    networks=("directed", "two-mode"),
    source=GEOMETRIC,
)

# Degrees of alters.
effect(
    "indegree_popularity",
    "inPop",
    r"\sum_j x_{ij} x_{+j}",
    product(alter=t.IN_AFTER),
    interaction=DYADIC,
    networks=ANY,
    source=SNIJDERS_2010,
)
effect(
    "indegree_popularity_centred",
    "inPop.c",
    r"\sum_j x_{ij} (x_{+j} - \bar d), \bar d the average indegree",
    product(alter=t.IN_AFTER, centre=indegree_centre),
    interaction=DYADIC,
    networks=ANY,
)
effect(
    "indegree_popularity_root",
    "inPopSqrt",
    r"\sum_j x_{ij} \sqrt{x_{+j}}",
    product(alter=t.IN_AFTER, shape=t.ROOT),
    networks=ANY,
    source=SNIJDERS_2010,
)
effect(
    "indegree_popularity_dyadic",
    "inPop_dya",
    r"\sum_j x_{ij} (x_{+j} - \bar d), \bar d the average indegree, roots of both with p = 2, with the other ties as "
    "context",
    product(alter=t.IN, shape=root_if_2, centre=indegree_mean),
    parameter=1,
    interaction=DYADIC,
    networks=("directed", "two-mode"),
    parameters=(0, 1, 2),
)
effect(
    "outdegree_popularity",
    "outPop",
    r"\sum_j x_{ij} x_{j+}" + LAGGED,
    product(alter=t.OUT_LAGGED),
    parameter=1,
    interaction=DYADIC,
    source=SNIJDERS_2010,
)
effect(
    "outdegree_popularity_centred",
    "outPop.c",
    r"\sum_j x_{ij} (x_{j+} - \bar d)" + RAW_LAGGED,
    product(alter=t.OUT_LAGGED, centre=centre),
    interaction=DYADIC,
)
effect(
    "outdegree_popularity_root",
    "outPopSqrt",
    r"\sum_j x_{ij} \sqrt{x_{j+}}" + RAW_LAGGED,
    product(alter=t.OUT_LAGGED, shape=t.ROOT),
    parameter=0,
    interaction=DYADIC,
    source=SNIJDERS_2010,
)
effect(
    "outdegree_popularity_excess",
    "outPopMore",
    r"\sum_j x_{ij} \max(x_{j+} - p, 0)" + RAW_LAGGED,
    product(alter=t.OUT_LAGGED, shape=t.EXCESS),
    parameter=0,
    interaction=DYADIC,
)
effect(
    "outdegree_popularity_excess_root",
    "outPopSqrtMore",
    r"\sum_j x_{ij} \max(\sqrt{x_{j+}} - \sqrt p, 0)" + RAW_LAGGED,
    product(alter=t.OUT_LAGGED, shape=t.EXCESS_ROOT),
    parameter=0,
    interaction=DYADIC,
)
effect(
    "outdegree_popularity_threshold",
    "outPopThreshold",
    r"\sum_j x_{ij} 1\{x_{j+} > p\}" + RAW_LAGGED,
    product(alter=t.OUT_LAGGED, shape=t.ABOVE),
    parameter=0,
    interaction=DYADIC,
)
effect(
    "reciprocated_degree_popularity",
    "reciPop",
    r"\sum_j x_{ij} x_{j(r)}, x_{j(r)} = \sum_h x_{jh} x_{hj}",
    product(alter=t.MUTUAL_AFTER),
    interaction=DYADIC,
)
effect(
    "reciprocated_degree_popularity_root",
    "reciPopSqrt",
    r"\sum_j x_{ij} \sqrt{x_{j(r)}}",
    product(alter=t.MUTUAL_AFTER, shape=t.ROOT),
    interaction=DYADIC,
)

# Degrees of ego.
effect(
    "indegree_activity",
    "inAct",
    r"x_{i+} x_{+i}" + LAGGED,
    product(ego=t.IN_LAGGED),
    parameter=1,
    interaction=EGO,
    source=SNIJDERS_2010,
)
effect(
    "indegree_activity_centred",
    "inAct.c",
    r"x_{i+} (x_{+i} - \bar d)" + LAGGED,
    product(ego=t.IN_LAGGED, centre=centre),
    interaction=EGO,
)
effect(
    "indegree_activity_root",
    "inActSqrt",
    r"x_{i+} \sqrt{x_{+i}}" + LAGGED,
    product(ego=t.IN_LAGGED, shape=t.ROOT),
    parameter=0,
    interaction=EGO,
    source=SNIJDERS_2010,
)
effect(
    "outdegree_activity",
    "outAct",
    r"x_{i+}^2",
    degree(t.SQUARE, whole=False),
    networks=ANY,
    source=SNIJDERS_2010,
)
effect(
    "outdegree_activity_centred",
    "outAct.c",
    r"x_{i+} (x_{i+} - \bar d)",
    degree(t.CENTRED_SQUARE, whole=False),
    networks=ANY,
    cut="endow",  # RSiena's endowment moment cuts the centred degree to a whole number
)
effect(
    "outdegree_activity_root",
    "outActSqrt",
    r"x_{i+}^{3/2}",
    degree(t.POWER_1_5, whole=False),
    networks=ANY,
    source=SNIJDERS_2010,
)
effect(
    "reciprocated_degree_activity",
    "reciAct",
    r"x_{i+} x_{i(r)}, the root of x_{i(r)} with p = 2",
    bilinear(t.IDENTITY, t.ONE, t.IDENTITY, t.BACK, shape=lambda p: (t.IDENTITY, root_if_2(p))),
    parameter=1,
    parameters=(1, 2),
)
for name, short, kind, mean, words in (
    ("ego_outdegree", "outAct_ego", t.OUT, degree_mean, "x_{i+}"),
    ("ego_indegree", "inAct_ego", t.IN, degree_mean, "x_{+i}"),
    ("ego_reciprocated_degree", "reciAct_ego", t.MUTUAL, mutual_mean, "x_{i(r)}"),
):
    effect(
        name,
        short,
        rf"x_{{i+}} ({words} - its mean), roots of both with p = 2, with the degree as context",
        product(ego=kind, shape=root_if_2, centre=mean),
        parameter=1,
        interaction=EGO,
    )
effect(
    "ego_outdegree_excess",
    "outActMore_ego",
    r"x_{i+} \max(x_{i+} - p, 0), with the degree as context",
    product(ego=t.OUT, shape=t.EXCESS),
    parameter=0,
    interaction=EGO,
)
effect(
    "ego_outdegree_excess_root",
    "outActSqrtMore_ego",
    r"x_{i+} \max(\sqrt{x_{i+}} - \sqrt p, 0), with the degree as context",
    product(ego=t.OUT, shape=t.EXCESS_ROOT),
    parameter=0,
    interaction=EGO,
)
effect(
    "ego_outdegree_above",
    "outMore_ego",
    r"x_{i+} 1\{x_{i+} > p\}, with the degree as context",
    product(ego=t.OUT, shape=t.ABOVE),
    parameter=0,
    interaction=EGO,
)
effect(
    "per_outdegree_of_ego",
    "divOut_ego",
    r"x_{i+} / x_{i+}, its root as divisor with p = 2, with the degree as context",
    product(ego=t.OUT, shape=inverse_root_if_2),
    parameter=1,
    interaction=EGO,
    parameters=(0, 1, 2),
)
effect(
    "per_indegree_of_ego",
    "divIn_ego",
    r"x_{i+} / x_{+i}, its root as divisor with p = 2",
    product(ego=t.IN, shape=inverse_root_if_2),
    parameter=1,
    interaction=EGO,
    parameters=(0, 1, 2),
)
for names, shape, formula, default in (
    ((("outdegree_truncated", "outTrunc"),), t.CAPPED, r"\min(x_{i+}, p)", 1),
    ((("outdegree_truncated_2", "outTrunc2"),), t.CAPPED, r"\min(x_{i+}, p)", 5),
    ((("out_isolate", "outIso"),), t.NONE, r"1\{x_{i+} = 0\}", 1),
    (
        (("outdegree_excess", "outMore"), ("outdegree_excess_2", "outMore2"), ("outdegree_excess_3", "outMore3")),
        t.EXCESS,
        r"\max(x_{i+} - p, 0)",
        1,
    ),
    (
        (("outdegree_threshold", "outThreshold"), ("outdegree_threshold_2", "outThreshold2")),
        t.ABOVE,
        r"1\{x_{i+} > p\}",
        1,
    ),
    ((("outdegree_inverse", "outInv"),), t.SHIFTED_INVERSE, r"1 / (x_{i+} + p)", 1),
    (
        (("outdegree_inverse_squared", "outSqInv"),),
        t.SHIFTED_INVERSE_2,
        r"1 / [(x_{i+} + p)(x_{i+} + p + 1)]",
        1,
    ),
):
    for name, short in names:
        effect(name, short, formula, degree(shape), parameter=default, networks=ANY, source=SNIJDERS_2010)
effect(
    "average_degree",
    "avDeg",
    r"x_{i+} (x_{++} / n - p)",
    special(t.AVERAGE_DEGREE),
    parameter=2,
    networks=ANY,
)

# Degrees of both.
effect(
    "out_out_assortativity",
    "outOutAss",
    r"\sum_j x_{ij} x_{i+}^{1/p} x_{j+}^{1/p}",
    bilinear(t.POWER, t.ONE, t.IDENTITY, t.ONE, alter=t.OUT, by_second=True),
    parameter=2,
    source=SNIJDERS_2010,
)
effect(
    "out_in_assortativity",
    "outInAss",
    r"\sum_j x_{ij} x_{i+}^{1/p} x_{+j}^{1/p}",
    bilinear(t.POWER, t.ONE, t.IDENTITY, t.ONE, alter=t.IN_AFTER, by_second=True),
    parameter=2,
    networks=ANY,
    source=SNIJDERS_2010,
)
effect(
    "in_out_assortativity",
    "inOutAss",
    r"\sum_j x_{ij} x_{+i}^{1/p} x_{j+}^{1/p}",
    product(ego=t.IN, alter=t.OUT, shape=t.POWER),
    parameter=2,
    interaction=DYADIC,
    source=SNIJDERS_2010,
)
effect(
    "in_in_assortativity",
    "inInAss",
    r"\sum_j x_{ij} x_{+i}^{1/p} x_{+j}^{1/p}",
    product(ego=t.IN, alter=t.IN_AFTER, shape=t.POWER),
    parameter=2,
    source=SNIJDERS_2010,
)
effect(
    "degree_sum",
    "degPlus",
    r"\sum_j x_{ij} (x_{i+} + x_{j+}), roots of both with p = 2",
    special(t.DEGREE_SUM),
    parameter=1,
    networks=("undirected",),
)
effect(
    "degree_sum_centred",
    "degPlus.c",
    r"\sum_j x_{ij} (x_{i+} + x_{j+} - 2 \bar d)",
    special(t.DEGREE_SUM, parameter=1, centre=lambda f: 2 * f.own.average_degree),
    networks=("undirected",),
)

# Isolates and near-isolates.
effect(
    "isolates",
    "isolateNet",
    r"1\{x_{i+} = x_{+i} = 0\}",
    special(t.ISOLATE),  # of no tie: an effect of ego with which effects of pairs cannot be multiplied
    networks=ONE_MODE,
)
effect(
    "activity_of_in_isolates",
    "inIsDegree",
    r"x_{i+} 1\{x_{+i} = 0\}",
    product(ego=t.IN, shape=t.EQUALS, parameter=lambda f: 0.0),
    interaction=EGO,
    source=SNIJDERS_2010,
)
effect("anti_isolates", "antiIso", r"\#\{j : x_{+j} \geq 1, x_{j+} = 0\}", special(t.ANTI_ISOLATE))
for name, short, least in (
    ("anti_in_isolates", "antiInIso", 1),
    ("indegree_at_least_two", "in2Plus", 2),
    ("anti_near_in_isolates", "antiInIso2", 2),
    ("indegree_at_least_three", "in3Plus", 3),
):
    effect(
        name,
        short,
        rf"\#\{{j : x_{{+j}} \geq {least}\}}",
        special(t.IN_AT_LEAST, parameter=least),
        networks=("directed", "two-mode"),
    )
effect(
    "isolate_popularity",
    "isolatePop",
    r"\sum_j x_{ij} 1\{x_{+j} = 1, x_{j+} = 0\}",
    special(t.ISOLATE_POPULARITY),
)
