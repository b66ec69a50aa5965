"""Definitions of network effects of another network w; notation of ``coplearn.effects.network``.

In moments w is read at the start of the period. "other" says which networks w may be: of the "same" mode as the own
one, "one-mode", or any.
"""

import numpy as np

from coplearn.effects.network_rows import (
    ANY,
    ONE_MODE,
    Facts,
    bilinear,
    effect,
    geometric,
    inverse_root_if_2,
    left_out_if_2,
    near,
    of_nobody,
    path,
    product,
    reach,
    root_from_2,
    root_if_2,
    root_if_2_or_4,
    same_of_all,
    special,
)
from coplearn.kernels import saom_network_terms as t

__all__: list[str] = []

FORWARD, BACKWARD, BOTH, EITHER = t.FORWARD, t.BACKWARD, t.BOTH_WAYS, t.EITHER_WAY
NET, NET_ACTOR = ("network",), ("network", "actor")
MULTIPLEX = "Snijders, Lomi & Torlo (2013), doi:10.1016/j.socnet.2012.05.005."


def root_or_log(p: float) -> int:
    """p = 2 asks for the square root, p = 0 for the logarithm (0 of 0)."""
    return t.LOG if p == 0 else root_if_2(p)


def root_or_any(p: float) -> int:
    """p = 2 asks for the square root, p = 3 for 1 instead of any number."""
    return t.ANY if p == 3 else root_if_2(p)


def mean_degree(f: Facts) -> float:
    """The average outdegree in the other network, its root with p = 2."""
    return f.other.average_degree ** (0.5 if f.p == 2 else 1)


def mean_or_log(f: Facts) -> float:
    """The same, its logarithm with p = 0."""
    return float(np.log(f.other.average_degree or 1.0)) if f.p == 0 else mean_degree(f)


def mean_indegree(f: Facts) -> float:
    """The same of indegrees, which differ where the second mode has another size."""
    share = f.context.n_actors / f.other.n_columns if f.other.two_mode else 1.0
    return (f.other.average_degree * share) ** (0.5 if f.p == 2 else 1)


# The same tie, or the one back, in the other network.
for name, short, pair, formula, other in (
    ("with", "crprod", t.W, "w_{ij}", "same"),
    ("with_reversed", "crprodRecip", t.W_BACK, "w_{ji}", "one-mode"),
    ("with_mutual", "crprodMutual", t.W_BOTH, "w_{ij} w_{ji}", "one-mode"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} {formula}",
        product(pair),
        NET,
        interaction="dyadic",
        source=MULTIPLEX,
        networks=ANY if other == "same" else ONE_MODE,
        other=other,
    )

# Degrees in the other network.
for name, short, kind, formula, mean, other in (
    ("popularity_by_indegree_in", "inPopIntn", t.IN, "w_{+j}", mean_indegree, "same"),
    ("popularity_by_outdegree_in", "outPopIntn", t.OUT, "w_{j+}", mean_degree, "any"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} ({formula} - its mean), roots of both with p = 2",
        product(alter=kind, shape=root_if_2, centre=mean),
        NET,
        parameter=2,
        interaction="dyadic",
        source=MULTIPLEX,
        networks=ANY if other == "same" else ONE_MODE,
        other=other,
    )
for name, short, kind, formula, mean, other in (
    ("activity_by_indegree_in", "inActIntn", t.IN, "w_{+i}", mean_indegree, "one-mode"),
    ("activity_by_outdegree_in", "outActIntn", t.OUT, "w_{i+}", mean_or_log, "any"),
):
    effect(
        name,
        short,
        rf"x_{{i+}} ({formula} - its mean), roots of both with p = 2"
        + (r", logarithms with p = 0 (0 of 0)" if short == "outActIntn" else ""),
        product(ego=kind, shape=root_or_log if short == "outActIntn" else root_if_2, centre=mean),
        NET,
        parameter=2,
        interaction="ego",
        source=MULTIPLEX,
        networks=("directed", "two-mode"),
        other=other,
    )
for name, short, ego, alter, formula, other in (
    ("per_outdegree_of_ego_in", "divOutEgoIntn", t.OUT, t.NO_DEGREE, "w_{i+}", "any"),
    ("per_indegree_of_ego_in", "divInEgoIntn", t.IN, t.NO_DEGREE, "w_{+i}", "one-mode"),
    ("per_outdegree_of_alter_in", "divOutAltIntn", t.NO_DEGREE, t.OUT, "w_{j+}", "any"),
    ("per_indegree_of_alter_in", "divInAltIntn", t.NO_DEGREE, t.IN, "w_{+j}", "same"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} / {formula} (0 where nothing is divided), its root as divisor with p = 2",
        product(ego=ego, alter=alter, shape=inverse_root_if_2),
        NET,
        parameter=2,
        interaction="ego" if ego else "dyadic",
        networks=ANY if other == "same" else ("directed", "two-mode") if ego else ("directed",),
        other=other,
    )
effect(
    "average_degree_in",
    "avDegIntn",
    r"x_{i+} (w_{++} / n - p)",
    product(ego=t.AVERAGE, centre=lambda f: f.p),
    NET,
    parameter=2,
    interaction="ego",
    networks=ANY,
)
effect(
    "indegrees_of_both_in",
    "both",
    r"\sum_j x_{ij} (w_{+i} - \bar w) (w_{+j} - \bar w), roots of all with p = 2",
    product(ego=t.IN, alter=t.IN, shape=root_if_2, centre=mean_indegree),
    NET,
    parameter=1,
    interaction="dyadic",
    other="one-mode",
)
effect(
    "outdegree_gap_in",
    "absOutDiffIntn",
    r"\sum_j x_{ij} |w_{i+} - w_{j+}|, of roots with p = 2",
    product(t.W_DEGREE_GAP),
    NET,
    parameter=1,
    interaction="dyadic",
    networks=ONE_MODE,
)
effect(
    "activity_of_double_ties",
    "doubleOutAct",
    r"(\sum_j x_{ij} w_{ij})^2, the power 3/2 with p = 2",
    bilinear(t.SQUARE, t.W, shape=lambda p: (t.POWER_1_5 if p == 2 else t.SQUARE, -1)),
    NET,
    parameter=2,
    networks=("directed", "two-mode"),
    other="same",
    parameters=(1, 2),
)
effect(
    "popularity_of_double_ties",
    "doubleInPop",
    r"\sum_j x_{ij} w_{ij} \sum_h x_{hj} w_{hj}, the root of the inner sum with p = 2",
    special(t.DOUBLE_POPULARITY),
    NET,
    parameter=2,
    networks=("directed", "two-mode"),
    other="same",
    parameters=(1, 2),
)
effect(
    "popularity_of_brokers_in",
    "betweenPop",
    r"\sum_j x_{ij} (\sum_{h,k} w_{hj} w_{jk} (1 - w_{hk}))^{1/p}",
    special(t.BROKERAGE),
    NET,
    parameter=2,
    interaction="dyadic",
    networks=ONE_MODE,
    other="one-mode",
)
effect(
    "activity_by_distance_two_in",
    "nDist2ActIntn",
    r"x_{i+} times the number of h with \max_k w_{ik} w_{hk} = 1 and (in a one-mode network) w_{ih} = 0, its root with "
    "p = 2",
    special(t.REACHED_IN_TWO),
    NET,
    parameter=1,
    interaction="ego",
    networks=("directed", "two-mode"),
    parameters=(1, 2),
)
for name, short, summary, formula, degrees, other in (
    (
        "activity_by_activity_of_contacts",
        "outOutActIntn",
        t.TOTAL,
        r"\sum_h w_{ih} (x_{h+} - \bar x)",
        "own",
        "one-mode",
    ),
    (
        "activity_by_average_activity_of_contacts",
        "outOutAvIntn",
        t.MEAN,
        r"\sum_h w_{ih} (x_{h+} - \bar x) / w_{i+}",
        "own",
        "one-mode",
    ),
    (
        "activity_by_popularity_of_choices_in",
        "dist2OutInActIntn",
        t.TOTAL,
        r"\sum_k w_{ik} (w_{+k} - \bar w)",
        "indegrees",
        "any",
    ),
):
    effect(
        name,
        short,
        rf"x_{{i+}} {formula}, the mean being that of outdegrees; roots of both with p = 2",
        near(summary, FORWARD, of_ego=True, degrees=degrees),
        NET,
        parameter=1,
        interaction="ego",
        networks=("directed", "two-mode"),
        other=other,
        parameters=(1, 2),
    )
effect(
    "popularity_among_active_in",
    "inPopOutW",
    r"\sum_j x_{ij} \sum_{k \neq i} x_{kj} w_{k+}; p = 2: its root \sqrt{w_{k+}}, 3: w_{k+} - \bar w, 4: roots of both",
    near(t.TOTAL, BACKWARD, 1, degrees="other"),
    NET,
    parameter=1,
    interaction="dyadic",
    networks=("directed", "two-mode"),
    parameters=(1, 2, 3, 4),
)


def shared_mean(f: Facts) -> float:
    """The average number of choices in the other network that two members share, its root with p = 4; p < 3: 0."""
    return 0.0 if f.p < 3 else f.other.shared_mean ** (0.5 if f.p == 4 else 1)


effect(
    "to_choices_of_like_choosers",
    "sharedTo",
    r"\sum_j x_{ij} \sum_{k \neq i} x_{kj} (\sum_h w_{ih} w_{kh} - c), c its mean over pairs with p = 3, roots of both "
    "with p = 4; p = 1, 2: c = 0; with the other ties as context",
    special(t.SHARED_TO, centre=shared_mean),
    NET,
    parameter=3,
    interaction="dyadic",
    networks=("directed", "two-mode"),
    parameters=(1, 2, 3, 4),
)
effect(
    "to_average_choices_of_like_choosers",
    "avAlt.2M.tie",
    r"\sum_j x_{ij} \sum_{k \neq i} x_{kj} u_{ik} / \sum_{k \neq i} u_{ik}, u_{ik} = \sum_h w_{ih} w_{kh}, its root "
    "with p = 2; with the other ties as context",
    special(t.SHARED_AVERAGE),
    NET,
    parameter=1,
    interaction="dyadic",
    networks=("directed", "two-mode"),
    parameters=(1, 2),
)
effect(
    "with_by_indegree_in",
    "crprodInActIntn",
    r"\sum_j x_{ij} w_{ij} (w_{+i} - \bar w), roots of both with p = 2",
    product(t.W, ego=t.IN, shape=root_if_2, centre=mean_indegree),
    NET,
    parameter=2,
    interaction="dyadic",
    networks=ONE_MODE,
    other="one-mode",
)

# Two-paths with the other network.
for name, short, first, second, legs, formula, shape, other in (
    ("from_shared_choices", "from", FORWARD, BACKWARD, "ww", "w_{ih} w_{jh}", root_from_2, "any"),
    ("from_shared_mutual", "fromMutual", BOTH, BOTH, "ww", "w_{ih} w_{hi} w_{jh} w_{hj}", root_from_2, "one-mode"),
    ("to_choices_of_contacts", "to", FORWARD, FORWARD, "wx", "w_{ih} x_{hj}", root_or_any, "one-mode"),
    ("to_choices_of_choosers", "toBack", BACKWARD, FORWARD, "wx", "w_{hi} x_{hj}", root_or_any, "one-mode"),
    ("to_choices_of_mutual", "toRecip", BOTH, FORWARD, "wx", "w_{ih} w_{hi} x_{hj}", root_or_any, "one-mode"),
    ("closure_of", "closure", FORWARD, FORWARD, "ww", "w_{ih} w_{hj}", root_if_2, "one-mode"),
    ("cyclic_closure_of", "cyClosure", BACKWARD, BACKWARD, "ww", "w_{jh} w_{hi}", root_if_2, "one-mode"),
    ("from_shared_choosers", "sharedIn", BACKWARD, FORWARD, "ww", "w_{hi} w_{hj}", root_if_2, "one-mode"),
    ("choices_of_own_choosers", "mixedInXW", BACKWARD, FORWARD, "xw", "x_{hi} w_{hj}", root_or_any, "one-mode"),
):
    words = {
        root_if_2: "its root with p = 2",
        root_from_2: r"its root with p \geq 2",
        root_or_any: "its root with p = 2, 1 for any with p = 3",
    }[shape]
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} \sum_h {formula}, {words}" + (", with the other ties as context" if "x" in legs else ""),
        path(first, second, shape=shape, legs=legs),
        NET,
        parameter=0,
        interaction="dyadic",
        source=MULTIPLEX,
        networks=("directed",) if short == "mixedInXW" else ANY if legs == "wx" else ONE_MODE,
        other=other,
    )
effect(
    "to_any_choice_of_contacts",
    "toAny",
    r"\sum_h w_{ih} \max_j (x_{ij} x_{hj})",
    reach(BACKWARD, t.ANY),
    NET,
    source=MULTIPLEX,
    networks=ANY,
    other="one-mode",
)
effect(
    "to_choices_of_weighted_contacts",
    "toU",
    r"\sum_j x_{ij} \sum_h w_{ih} (u_{ih} - \bar u) x_{hj}, with the other ties as context",
    path(FORWARD, FORWARD, weight=t.MIDDLE_DYADIC, legs="wx"),
    ("network", "dyadic"),
    interaction="dyadic",
    source=MULTIPLEX,
    other="one-mode",
)
effect(
    "from_any_shared_choice",
    "fromAny",
    r"\sum_j x_{ij} \max_h (w_{ih} w_{jh})",
    path(FORWARD, BACKWARD, shape=t.ANY, legs="ww"),
    NET,
    interaction="dyadic",
    networks=ONE_MODE,
)
effect(
    "from_shared_choices_by_indegree",
    "from.w.ind",
    r"\sum_j x_{ij} \sum_h w_{ih} w_{jh} u_{+h}, u the second network; p = 2: \sqrt{u_{+h}}, p = -1: 1 / (u_{+h} + 1); "
    "with the other ties as context",
    path(FORWARD, BACKWARD, weight=t.MIDDLE_INDEGREE, legs="ww"),
    ("network", "network"),
    parameter=1,
    interaction="dyadic",
    networks=ONE_MODE,
    parameters=(-1, 0, 1, 2),
)
for name, short, roles, moment, formula in (
    ("closure_by_tie_then", "cl.XWX", 3, 0, r"\sum_{j,h} x_{ij} x_{ih} w_{hj} (twice that in moments)"),
    (
        "closure_by_tie_then_closing",
        "cl.XWX1",
        1,
        0,
        r"\sum_j x_{ij} \sum_h x_{ih} w_{hj}, with the other ties as context",
    ),
    (
        "closure_by_tie_then_opening",
        "cl.XWX2",
        2,
        8,
        r"\sum_j x_{ij} \sum_h x_{ih} w_{jh}, with the other ties as context",
    ),
):
    effect(
        name,
        short,
        formula,
        path(FORWARD, FORWARD, roles, legs="xw", moment=moment, scale=2.0 if roles == 3 else 1.0),
        NET,
        networks=ONE_MODE,
        other="one-mode",
        source=MULTIPLEX,
    )
for name, short, first, second, rest, other in (
    ("jaccard_out_in", "JoutMix", FORWARD, BACKWARD, t.JACCARD_OUT, "any"),
    ("jaccard_in_in", "JinMix", BACKWARD, FORWARD, t.JACCARD_IN, "one-mode"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} J_{{ij}}, {'out' if first == FORWARD else 'in'}-choices in w: shared by those of either",
        path(first, second, rest=rest, legs="ww"),
        NET,
        interaction="dyadic",
        networks=ONE_MODE,
        other=other,
    )
for name, short, first, second, formula, other in (
    ("gwesp_forward_in", "gwespFFMix", FORWARD, FORWARD, "w_{ih} w_{hj}", "one-mode"),
    ("gwesp_backward_in", "gwespBBMix", BACKWARD, BACKWARD, "w_{jh} w_{hi}", "one-mode"),
    ("gwesp_shared_choices_in", "gwespFBMix", FORWARD, BACKWARD, "w_{ih} w_{jh}", "any"),
    ("gwesp_shared_choosers_in", "gwespBFMix", BACKWARD, FORWARD, "w_{hi} w_{hj}", "one-mode"),
    ("gwesp_in", "gwespMix", FORWARD, BACKWARD, "w_{ih} w_{jh}, w undirected or two-mode", "any"),
    ("gwesp_reciprocated_in", "gwespRRMix", BOTH, BOTH, "w_{ih} w_{hi} w_{hj} w_{jh}", "one-mode"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} g(\sum_h {formula}), g as in gwesp_forward",
        geometric(first, second, legs="ww"),
        NET,
        parameter=69,
        interaction="dyadic",
        networks=ONE_MODE,
        other=other,
    )

# Restricted or weighted by an actor variable.
for name, short, legs, second, weight, formula in (
    ("from_shared_choices_same", "covNetNet", "ww", BACKWARD, t.ENDS_SAME, r"w_{ih} w_{jh} 1\{v_i = v_j\}"),
    (
        "from_shared_choices_homogeneous",
        "homCovNetNet",
        "ww",
        BACKWARD,
        t.ALL_SAME,
        r"w_{ih} w_{jh} 1\{v_i = v_j = v_h\}",
    ),
    ("closure_of_same", "sameWWClosure", "ww", FORWARD, t.MIDDLE_SAME, r"w_{ih} w_{hj} 1\{v_i = v_h\}"),
    ("closure_of_jumping", "jumpWWClosure", "ww", FORWARD, t.JUMP, r"w_{ih} w_{hj} 1\{v_i = v_h \neq v_j\}"),
    ("to_choices_of_contacts_same", "sameWXClosure", "wx", FORWARD, t.MIDDLE_SAME, r"w_{ih} x_{hj} 1\{v_i = v_h\}"),
    (
        "to_choices_of_contacts_homogeneous",
        "homWXClosure",
        "wx",
        FORWARD,
        t.ALL_SAME,
        r"w_{ih} x_{hj} 1\{v_i = v_j = v_h\}",
    ),
    (
        "to_choices_of_contacts_jumping",
        "jumpWXClosure",
        "wx",
        FORWARD,
        t.JUMP,
        r"w_{ih} x_{hj} 1\{v_i = v_h \neq v_j\}",
    ),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} \sum_h {formula}" + (", with the other ties as context" if "x" in legs else ""),
        path(FORWARD, second, weight=weight, legs=legs),
        NET_ACTOR,
        interaction="dyadic",
        networks=ONE_MODE,
        other="one-mode" if short != "covNetNet" else "any",
    )
for name, short, legs, first, second, weight, formula in (
    ("shared_choosers_same", "covNetNetIn", "ww", BACKWARD, FORWARD, t.ENDS_SAME, "v_i = v_j"),
    ("shared_choosers_homogeneous", "homCovNetNetIn", "ww", BACKWARD, FORWARD, t.ALL_SAME, "v_i = v_j = v_h"),
    ("shared_choices_contrast", "contrastCovNetNet", "ww", FORWARD, BACKWARD, t.CONTRAST, r"v_i = v_j \neq v_h"),
    ("shared_choosers_contrast", "contrastCovNetNetIn", "ww", BACKWARD, FORWARD, t.CONTRAST, r"v_i = v_j \neq v_h"),
    ("shared_choices_all_different", "allDifCovNetNet", "ww", FORWARD, BACKWARD, t.ALL_DIFFER, "all v differ"),
    ("shared_choosers_all_different", "allDifCovNetNetIn", "ww", BACKWARD, FORWARD, t.ALL_DIFFER, "all v differ"),
    ("shared_choices_jumping", "jumpFrom", "ww", FORWARD, BACKWARD, t.JUMP, r"v_i = v_h \neq v_j"),
    ("shared_choosers_jumping", "jumpSharedIn", "ww", BACKWARD, FORWARD, t.JUMP, r"v_i = v_h \neq v_j"),
    ("closure_of_different", "diffWWClosure", "ww", FORWARD, FORWARD, t.MIDDLE_DIFFERS, r"v_i \neq v_h"),
    (
        "to_choices_of_contacts_different",
        "diffWXClosure",
        "wx",
        FORWARD,
        FORWARD,
        t.MIDDLE_DIFFERS,
        r"v_i \neq v_h",
    ),
):
    one = "w_{ih}" if first == FORWARD else "w_{hi}"
    two = "w_{jh}" if second == BACKWARD else f"{legs[1]}_{{hj}}"
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} \sum_h {one} {two} 1\{{{formula}\}}"
        + (", with the other ties as context" if "x" in legs else ""),
        path(first, second, weight=weight, legs=legs),
        NET_ACTOR,
        interaction="dyadic",
        networks=ONE_MODE,
        other="one-mode",
    )
for name, short, weight, sign in (
    ("closure_by_tie_to_same_then", "sameXWClosure", t.MIDDLE_SAME, "="),
    ("closure_by_tie_to_different_then", "diffXWClosure", t.MIDDLE_DIFFERS, r"\neq"),
):
    effect(
        name,
        short,
        rf"\sum_{{j,h}} x_{{ij}} x_{{ih}} w_{{hj}} 1\{{v_i {sign} v_h\}}",
        path(FORWARD, FORWARD, 3, weight, legs="xw"),
        NET_ACTOR,
        other="one-mode",
    )
for name, short, direction, of_ego, formula in (
    ("popularity_by_weighted_indegree_in", "inPopIntnX", BACKWARD, False, r"\sum_j x_{ij} \sum_h w_{hj} v_h"),
    ("popularity_by_weighted_outdegree_in", "outPopIntnX", FORWARD, False, r"\sum_j x_{ij} \sum_h w_{jh} v_h"),
    ("activity_by_weighted_indegree_in", "inActIntnX", BACKWARD, True, r"x_{i+} \sum_h w_{hi} v_h"),
    ("activity_by_weighted_outdegree_in", "outActIntnX", FORWARD, True, r"x_{i+} \sum_h w_{ih} v_h"),
):
    effect(
        name,
        short,
        formula + ", the root of the inner sum with p = 2 (of values that are not negative)",
        near(t.TOTAL, direction, 0, of_ego, root_if_2),
        NET_ACTOR,
        parameter=1,
        interaction="ego" if of_ego else "dyadic",
        other="one-mode",
    )
SHARES = ", 3: divided by the number of all h with v_h {} v_i, 4: the root of that"
for name, short, direction, of_ego, formula in (
    ("popularity_by_same_outdegree_in", "sameXOutPopIntn", FORWARD, False, r"\sum_j x_{ij} \sum_h w_{jh}"),
    ("activity_by_same_indegree_in", "sameXInActIntn", BACKWARD, True, r"x_{i+} \sum_h w_{hi}"),
    ("activity_by_same_outdegree_in", "sameXOutActIntn", FORWARD, True, r"x_{i+} \sum_h w_{ih}"),
):
    effect(
        name,
        short,
        formula
        + r" 1\{v_h = v_i\}, the root of the inner sum with p = 2"
        + (SHARES.format("=") if short == "sameXInActIntn" else ""),
        near(
            t.N_SAME,
            direction,
            0,
            of_ego,
            root_if_2_or_4 if short == "sameXInActIntn" else root_if_2,
            same_of_all if short == "sameXInActIntn" else None,
        ),
        NET_ACTOR,
        parameter=1,
        interaction="ego" if of_ego else "dyadic",
        other="one-mode",
    )
for name, short, summary, formula in (
    ("popularity_among_same_in", "sameXInPopIntn", t.N_SAME, "="),
    ("popularity_among_different_in", "diffXInPopIntn", t.N_DIFFERENT, r"\neq"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} \sum_h w_{{hj}} 1\{{v_h {formula} v_i\}}, its root with p = 2"
        + (SHARES.format("=") if formula == "=" else ""),
        near(
            summary,
            BACKWARD,
            0,
            shape=root_if_2_or_4 if formula == "=" else root_if_2,
            choose_summary=same_of_all if formula == "=" else None,
        ),
        NET_ACTOR,
        parameter=1,
        interaction="dyadic",
        other="same",
        networks=("directed", "two-mode"),
        parameters=(1, 2, 3, 4) if formula == "=" else (1, 2),
    )
left_out = {t.MEAN: " (p = 2: but i)", t.TOTAL: " (p = 2: but i)", t.MEANS_SIMILAR: ""}
left_out |= dict.fromkeys((t.EGO_SIMILAR, t.SHARE_SAME), " but i")
for name, short, summary, direction, formula in (
    ("alters_of_alter_in", "altDist2W", t.MEAN, FORWARD, "the mean of v over the out-alters"),
    ("alters_of_alter_total_in", "totDist2W", t.TOTAL, FORWARD, "the sum of v over the out-alters"),
    (
        "similarity_of_alters_in",
        "simDist2W",
        t.MEANS_SIMILAR,
        FORWARD,
        "the centred similarity of the means of v over the out-alters of i and",
    ),
    ("choosers_of_alter_in", "altInDist2W", t.MEAN, BACKWARD, "the mean of v over the in-alters"),
    ("choosers_of_alter_total_in", "totInDist2W", t.TOTAL, BACKWARD, "the sum of v over the in-alters"),
    (
        "similarity_to_alters_of_alter_in",
        "simEgoDist2W",
        t.EGO_SIMILAR,
        FORWARD,
        "the centred similarity of v_i and the mean of v over the out-alters",
    ),
    (
        "similarity_to_choosers_of_alter_in",
        "simEgoInDist2W",
        t.EGO_SIMILAR,
        BACKWARD,
        "the centred similarity of v_i and the mean of v over the in-alters",
    ),
    (
        "same_as_alters_of_alter_in",
        "sameEgoDist2W",
        t.SHARE_SAME,
        FORWARD,
        "the share with v_h = v_i of the out-alters h",
    ),
    (
        "same_as_choosers_of_alter_in",
        "sameEgoInDist2W",
        t.SHARE_SAME,
        BACKWARD,
        "the share with v_h = v_i of the in-alters h",
    ),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} a_j, a_j {formula} of j{left_out[summary]} in w; "
        + ("0 for nobody" if summary == t.SHARE_SAME else of_nobody(summary)),
        near(summary, direction, left_out_if_2 if summary in (t.MEAN, t.TOTAL) else int(summary != t.MEANS_SIMILAR)),
        NET_ACTOR,
        parameter=1 if summary in (t.MEAN, t.TOTAL) else None,
        interaction="dyadic",
        other="same" if direction == BACKWARD else "one-mode",
        networks=("directed", "two-mode") if direction == BACKWARD else ("directed",),
    )
