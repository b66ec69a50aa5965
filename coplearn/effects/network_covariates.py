"""Definitions of network effects of actor variables and dyadic covariates; notation of ``coplearn.effects.network``.

"values" says whose variable an effect reads in a two-mode network: that of "ego" and other members, or of "alters", the
nodes.
"""

from coplearn.effects.context import Row
from coplearn.effects.network_rows import (
    ANY,
    ONE_MODE,
    Facts,
    bilinear,
    cycle,
    degree,
    effect,
    left_out_if_2,
    near,
    of_nobody,
    path,
    product,
    reach,
    root_if_2,
    root_if_2_or_4,
    same_of_all,
    special,
)
from coplearn.kernels import saom_network_terms as t

__all__: list[str] = []

FORWARD, BACKWARD = t.FORWARD, t.BACKWARD
ACTOR, DYADIC = ("actor",), ("dyadic",)
SNIJDERS_2001 = "Snijders (2001), doi:10.1111/0081-1750.00099."
SNIJDERS_2010 = "Snijders, van de Bunt & Steglich (2010), doi:10.1016/j.socnet.2009.02.004."
LOMI_2019 = "Snijders & Lomi (2019), doi:10.1017/nws.2018.30."


# Ego's value, alter's value, and how they go together.
for name, short, pair, formula, kind, networks, source in (
    ("ego", "egoX", t.EGO, r"v_i x_{i+}", "ego", ("directed", "two-mode"), SNIJDERS_2001),
    ("ego_squared", "egoSqX", t.EGO_2, r"v_i^2 x_{i+}", "ego", ("directed", "two-mode"), LOMI_2019),
    ("alter", "altX", t.ALTER, r"\sum_j x_{ij} v_j", "dyadic", ("directed", "two-mode"), SNIJDERS_2001),
    ("alter_squared", "altSqX", t.ALTER_2, r"\sum_j x_{ij} v_j^2", "dyadic", ("directed", "two-mode"), LOMI_2019),
    (
        "similarity",
        "simX",
        t.SIMILAR,
        r"\sum_j x_{ij} (sim_{ij} - \overline{sim}), sim_{ij} = 1 - |v_i - v_j| / range",
        "dyadic",
        ONE_MODE,
        SNIJDERS_2001,
    ),
    ("same", "sameX", t.SAME, r"\sum_j x_{ij} 1\{v_i = v_j\}", "dyadic", ONE_MODE, SNIJDERS_2001),
    ("different", "unequalX", t.UNEQUAL, r"\sum_j x_{ij} 1\{v_i \neq v_j\}", "dyadic", ONE_MODE, SNIJDERS_2001),
    ("ego_by_alter", "egoXaltX", t.EGO_ALTER, r"v_i \sum_j x_{ij} v_j", "dyadic", ONE_MODE, SNIJDERS_2010),
    ("difference", "diffX", t.DIFFERENCE, r"\sum_j x_{ij} (v_j - v_i)", "dyadic", ("directed",), LOMI_2019),
    ("difference_squared", "diffSqX", t.DIFFERENCE_2, r"\sum_j x_{ij} (v_j - v_i)^2", "dyadic", ONE_MODE, LOMI_2019),
    ("difference_absolute", "absDiffX", t.ABS_DIFFERENCE, r"\sum_j x_{ij} |v_j - v_i|", "dyadic", ONE_MODE, LOMI_2019),
    (
        "ego_by_difference",
        "egoDiffX",
        t.EGO_DIFFERENCE,
        r"\sum_j x_{ij} v_i (v_j - v_i)",
        "dyadic",
        ("directed",),
        LOMI_2019,
    ),
    (
        "higher",
        "higher",
        t.HIGHER,
        r"\sum_j x_{ij} (1 + \mathrm{sign}(v_i - v_j)) / 2",
        "dyadic",
        ONE_MODE,
        SNIJDERS_2010,
    ),
    (
        "alter_higher",
        "altHigherEgoX",
        t.ALTER_HIGHER,
        r"\sum_j x_{ij} \mathrm{sign}(v_j - v_i)",
        "dyadic",
        ("directed",),
        SNIJDERS_2010,
    ),
    (
        "ego_plus_alter",
        "egoPlusAltX",
        t.EGO_PLUS_ALTER,
        r"\sum_j x_{ij} (v_i + v_j)",
        "dyadic",
        ONE_MODE,
        SNIJDERS_2010,
    ),
    (
        "ego_plus_alter_squared",
        "egoPlusAltSqX",
        t.EGO_PLUS_ALTER_2,
        r"\sum_j x_{ij} (v_i^2 + v_j^2)",
        "dyadic",
        ONE_MODE,
        LOMI_2019,
    ),
):
    whose = "alters" if pair in (t.ALTER, t.ALTER_2) else "ego"
    effect(name, short, formula, product(pair), ACTOR, interaction=kind, networks=networks, source=source, values=whose)
for name, short, pair, formula in (
    ("similarity_reciprocated", "simRecipX", t.SIMILAR, r"(sim_{ij} - \overline{sim})"),
    ("same_reciprocated", "sameXRecip", t.SAME, r"1\{v_i = v_j\}"),
    ("ego_by_alter_reciprocated", "egoXaltXRecip", t.EGO_ALTER, r"v_i v_j"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} x_{{ji}} {formula}",
        product(pair, back=True),
        ACTOR,
        interaction="dyadic",
        source=SNIJDERS_2010,
    )
for name, short, pair, who, sign in (
    ("ego_at_least", "egoRThresholdX", t.EGO_GE, "v_i", r"\geq"),
    ("ego_at_most", "egoLThresholdX", t.EGO_LE, "v_i", r"\leq"),
    ("alter_at_least", "altRThresholdX", t.ALTER_GE, "v_j", r"\geq"),
    ("alter_at_most", "altLThresholdX", t.ALTER_LE, "v_j", r"\leq"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} 1\{{{who} {sign} p\}}, of the centred value",
        product(pair),
        ACTOR,
        parameter=0,
        interaction="ego" if who == "v_i" else "dyadic",
        networks=("directed", "two-mode"),
        values="ego" if who == "v_i" else "alters",
    )
effect(
    "activity_to_positive",
    "outXMore",
    r"\max(\sum_j x_{ij} 1\{v_j > 0\} - p, 0)",
    bilinear(t.EXCESS, t.ALTER_POSITIVE),
    ACTOR,
    parameter=0,
    networks=("directed", "two-mode"),
    values="alters",
)
for name, short, shape, formula in (
    ("outdegree_distance", "degAbsDiffX", t.DISTANCE, r"|x_{i+} - \lfloor v_i \rfloor|"),
    ("outdegree_surplus", "degPosDiffX", t.EXCESS, r"\max(x_{i+} - \lfloor v_i \rfloor, 0)"),
    ("outdegree_shortfall", "degNegDiffX", t.SHORTFALL, r"\max(\lfloor v_i \rfloor - x_{i+}, 0)"),
):
    effect(name, short, formula, degree(shape, of_variable=True), ACTOR, networks=ANY)

# Triads and covariates.

effect(
    "transitive_triplets_by_intermediary",
    "transTripX",
    r"\sum_{j,h} v_h x_{ij} x_{ih} x_{hj}",
    path(FORWARD, FORWARD, 3, t.MIDDLE, moment=8),
    ACTOR,
)
for name, short, weight, back, formula in (
    ("transitive_triplets_same", "sameXTransTrip", t.ENDS_SAME, False, r"1\{v_i = v_j\}"),
    ("transitive_triplets_different", "diffXTransTrip", t.ENDS_DIFFER, False, r"1\{v_i \neq v_j\}"),
    ("transitive_triplets_homogeneous", "homXTransTrip", t.ALL_SAME, False, r"1\{v_i = v_j = v_h\}"),
    ("transitive_triplets_similar", "simXTransTrip", t.ENDS_SIMILAR, False, r"(sim_{ij} - \overline{sim})"),
    ("transitive_triplets_jumping", "jumpXTransTrip", t.JUMP, False, r"1\{v_i = v_h \neq v_j\}"),
    ("transitive_reciprocated_triplets_same", "sameXTransRecTrip", t.ENDS_SAME, True, r"1\{v_i = v_j\}"),
    ("transitive_reciprocated_triplets_different", "diffXTransRecTrip", t.ENDS_DIFFER, True, r"1\{v_i \neq v_j\}"),
    ("transitive_reciprocated_triplets_homogeneous", "homXTransRecTrip", t.ALL_SAME, True, r"1\{v_i = v_j = v_h\}"),
):
    effect(
        name,
        short,
        rf"\sum_{{j,h}} {'x_{ij} x_{ji}' if back else 'x_{ij}'} x_{{ih}} x_{{hj}} {formula}",
        path(FORWARD, FORWARD, 3, weight, back=back),
        ACTOR,
        source=SNIJDERS_2010,
    )


# Activity to the same and to others.
def crossed(f: Facts) -> Row:
    """Ties to the same times ties to others, one of them perhaps under a root."""
    one, other = (t.UNEQUAL, t.SAME) if f.p == 3 else (t.SAME, t.UNEQUAL)
    return bilinear(t.IDENTITY, one, t.ROOT if f.p >= 2 else t.IDENTITY, other)(f)


for name, short, first, formula in (
    ("activity_to_same", "sameXOutAct", t.SAME, r"(\sum_j x_{ij} 1\{v_i = v_j\})^2"),
    ("activity_to_different", "diffXOutAct", t.UNEQUAL, r"(\sum_j x_{ij} 1\{v_i \neq v_j\})^2"),
):
    effect(
        name,
        short,
        formula + ", the power 3/2 with p = 2",
        bilinear(t.SQUARE, first, shape=lambda p: (t.POWER_1_5 if p == 2 else t.SQUARE, -1)),
        ACTOR,
        parameter=1,
    )
effect(
    "activity_to_same_and_different",
    "crossXOutAct",
    r"\sum_j x_{ij} 1\{v_i = v_j\} \sum_j x_{ij} 1\{v_i \neq v_j\}; the root of the second sum with p = 2, of the "
    "first with p = 3",
    crossed,
    ACTOR,
    parameter=1,
    parameters=(0, 1, 2, 3),
)
effect(
    "activity_weighted_by_alters",
    "altXOutAct",
    r"(\sum_j x_{ij} v_j)^2",
    bilinear(t.SQUARE, t.ALTER),
    ACTOR,
    parameter=1,
    parameters=(0, 1),
)
effect(
    "activity_to_homogeneous",
    "homXOutAct",
    r"\sum_{j,h} x_{ij} x_{ih} 1\{v_h = v_j\}",
    special(t.LIKE_ALTERS),
    ACTOR,
    values="alters",
    parameter=1,
    networks=("directed", "two-mode"),
    parameters=(0, 1),
)
effect(
    "activity_to_category",
    "homXOutAct2",
    r"\sum_j x_{ij} \sum_h x_{ih} 1\{c_h = c_j \geq 1\}, c the value (centred, if it is) rounded to whole numbers, "
    "those below 1 being no category; p = 2: the root of the inner sum, 3: divided by the number of members of c_j, 4: "
    "the root of that",
    special(t.LIKE_CATEGORY),
    ACTOR,
    values="alters",
    parameter=3,
    networks=("directed", "two-mode"),
    parameters=(1, 2, 3, 4),
)
effect(
    "same_category_of_two",
    "sameXV",
    r"\sum_j x_{ij} 1\{c(v_i) = c(u_j) \geq 1\}, c the value (centred, if it is) rounded to whole numbers",
    product(t.SAME_OF_TWO),
    ("actor", "actor"),
    interaction="dyadic",
    networks=ANY,
    values="first ego, then alters",
)
effect(
    "popularity_among_same_of_two",
    "sameXVInPop",
    r"\sum_j x_{ij} \sum_{h,k} x_{hk} 1\{c(v_h) = c(v_i) \geq 1, c(u_k) = c(u_j) \geq 1\}, c the value (centred, if it "
    "is) rounded to whole numbers; p = 2: the root of the inner sum, 3: divided by the number of all such pairs h, k, "
    "4: the root of that; a tie gains what it would count, with the other ties as context",
    special(t.TIES_OF_CATEGORIES),
    ("actor", "actor"),
    parameter=3,
    networks=("directed", "two-mode"),
    values="first ego, then alters",
    parameters=(1, 2, 3, 4),
)
for name, short, pair, formula in (
    ("activity_of_reciprocated_same", "sameXReciAct", t.BACK_SAME, "="),
    ("activity_of_reciprocated_different", "diffXReciAct", t.BACK_UNEQUAL, r"\neq"),
):
    effect(
        name,
        short,
        rf"x_{{i+}} \sum_j x_{{ij}} x_{{ji}} 1\{{v_i {formula} v_j\}}",
        bilinear(t.IDENTITY, t.ONE, t.IDENTITY, pair),
        ACTOR,
        parameter=1,
        parameters=(0, 1),
    )

# Dyadic covariates.
effect(
    "dyadic",
    "X",
    r"\sum_j x_{ij} (w_{ij} - \bar w)",
    product(t.DYADIC),
    DYADIC,
    interaction="dyadic",
    networks=ANY,
    source=SNIJDERS_2001,
)
effect(
    "dyadic_reciprocated",
    "XRecip",
    r"\sum_j x_{ij} x_{ji} (w_{ij} - \bar w)",
    product(t.DYADIC, back=True),
    DYADIC,
    interaction="dyadic",
    source=SNIJDERS_2010,
)

# Two-paths with a dyadic covariate (not centred).
for name, short, first, second, formula in (
    ("dyadic_two_paths", "WWX", FORWARD, FORWARD, "w_{ih} w_{hj}"),
    ("dyadic_two_paths_back", "cyWWX", BACKWARD, BACKWARD, "w_{jh} w_{hi}"),
    ("dyadic_shared_incoming", "InWWX", BACKWARD, FORWARD, "w_{hi} w_{hj}"),
    ("dyadic_shared_outgoing", "OutWWX", FORWARD, BACKWARD, "w_{ih} w_{jh}"),
):
    effect(
        name, short, rf"\sum_j x_{{ij}} \sum_h {formula}", path(first, second, legs="dd"), DYADIC, interaction="dyadic"
    )
effect(
    "dyadic_then_tie",
    "WXX",
    r"\sum_j x_{ij} \sum_h w_{ih} x_{hj}, with the other ties as context",
    path(FORWARD, FORWARD, legs="dx"),
    DYADIC,
    interaction="dyadic",
)
effect(
    "tie_then_dyadic",
    "XWX",
    r"\sum_{j,h} x_{ij} x_{ih} w_{hj}",
    path(FORWARD, FORWARD, 3, legs="xd"),
    DYADIC,
)
effect(
    "tie_then_dyadic_closing",
    "XWX1",
    r"\sum_j x_{ij} \sum_h x_{ih} w_{hj}, with the other ties as context",
    path(FORWARD, FORWARD, 1, legs="xd"),
    DYADIC,
)
effect(
    "tie_then_dyadic_opening",
    "XWX2",
    r"\sum_j x_{ij} \sum_h x_{ih} w_{jh}, with the other ties as context",
    path(FORWARD, FORWARD, 2, legs="xd", moment=8),
    DYADIC,
)
effect(
    "dyadic_closing_two_paths",
    "XXW",
    r"\sum_{j,h} x_{ij} x_{jh} w_{ih}",
    path(FORWARD, BACKWARD, 1, legs="dx", moment=16),
    DYADIC,
)

# Neighbours of alter, and of ego.
for name, short, direction, of_ego, formula in (
    ("indegree_popularity_weighted", "inPopX", BACKWARD, False, r"\sum_j x_{ij} \sum_h x_{hj} v_h"),
    ("outdegree_popularity_weighted", "outPopX", FORWARD, False, r"\sum_j x_{ij} \sum_h x_{jh} v_h"),
    ("indegree_activity_weighted", "inActX", BACKWARD, True, r"x_{i+} \sum_h x_{hi} v_h"),
):
    effect(
        name,
        short,
        formula + ", the root of the inner sum with p = 2 (of values that are not negative)",
        near(t.TOTAL, direction, 2 if short == "inPopX" else 0, of_ego, root_if_2),
        ACTOR,
        parameter=1,
        interaction="ego" if of_ego else "dyadic",
    )
effect(
    "outdegree_activity_weighted",
    "outActX",
    r"x_{i+} \sum_h x_{ih} v_h, the root of the sum with p = 2 (of values that are not negative)",
    bilinear(t.IDENTITY, t.ONE, t.IDENTITY, t.ALTER, shape=lambda p: (t.IDENTITY, root_if_2(p))),
    ACTOR,
    parameter=1,
)


effect(
    "popularity_among_same",
    "sameXInPop",
    r"\sum_j x_{ij} \sum_h x_{hj} 1\{v_h = v_i\}, p = 2: its root, 3: divided by the number of all h with v_h = v_i, "
    "4: the root of that",
    near(t.N_SAME, BACKWARD, 2, shape=root_if_2_or_4, choose_summary=same_of_all),
    ACTOR,
    parameter=1,
    interaction="dyadic",
    parameters=(0, 1, 2, 3, 4),
)
effect(
    "popularity_among_different",
    "diffXInPop",
    r"\sum_j x_{ij} \sum_h x_{hj} 1\{v_h \neq v_i\}, p = 2: its root, 3: divided by the number of all h with "
    r"v_h \neq v_i, 4: the root of that",
    near(
        t.N_DIFFERENT,
        BACKWARD,
        2,
        shape=root_if_2_or_4,
        choose_summary=lambda p: t.PART_OF_DIFFERENT if p in (3, 4) else t.N_DIFFERENT,
    ),
    ACTOR,
    parameter=1,
    interaction="dyadic",
    parameters=(0, 1, 2, 3, 4),
)
for name, short, summary, direction, ego, formula, parameter in (
    (
        "alters_of_alter",
        "altDist2",
        t.MEAN,
        FORWARD,
        left_out_if_2,
        "the mean of v over the out-alters of j (p = 2: but i)",
        1,
    ),
    (
        "alters_of_alter_total",
        "totDist2",
        t.TOTAL,
        FORWARD,
        left_out_if_2,
        "the sum of v over the out-alters of j (p = 2: but i)",
        1,
    ),
    ("choosers_of_alter", "altInDist2", t.MEAN, BACKWARD, 1, "the mean of v over the in-alters of j but i", None),
    ("choosers_of_alter_total", "totInDist2", t.TOTAL, BACKWARD, 1, "the sum of v over the in-alters of j but i", None),
    (
        "similarity_of_alters",
        "simDist2",
        t.MEANS_SIMILAR,
        FORWARD,
        0,
        "the centred similarity of the means of v over the out-alters of i and of j, with the other ties as context",
        1,
    ),
    (
        "similarity_to_alters_of_alter",
        "simEgoDist2",
        t.EGO_SIMILAR,
        FORWARD,
        1,
        "the centred similarity of v_i and the mean of v over the out-alters of j but i",
        1,
    ),
    (
        "similarity_to_choosers_of_alter",
        "simEgoInDist2",
        t.EGO_SIMILAR,
        BACKWARD,
        1,
        "the centred similarity of v_i and the mean of v over the in-alters of j but i",
        1,
    ),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} a_j, a_j {formula}; {of_nobody(summary)}",
        near(summary, direction, ego),
        ACTOR,
        parameter=parameter,
        interaction="dyadic",
        networks=("directed", "two-mode") if direction == BACKWARD else ("directed",),
    )
for name, short, direction, words in (
    ("same_as_alters_of_alter", "sameEgoDist2", FORWARD, "out-alters"),
    ("same_as_choosers_of_alter", "sameEgoInDist2", BACKWARD, "in-alters"),
):
    effect(
        name,
        short,
        rf"\sum_j x_{{ij}} a_j, a_j the share with v_h = v_i of the {words} h of j but i; p = 0: 1 if there is one",
        near(t.SHARE_SAME, direction, 1, choose_summary=lambda p: t.ANY_SAME if p == 0 else t.SHARE_SAME),
        ACTOR,
        parameter=1,
        interaction="dyadic",
        networks=("directed", "two-mode") if direction == BACKWARD else ("directed",),
    )
effect(
    "values_of_indirect_ties",
    "IndTies",
    r"\sum_j (1 - x_{ij}) \max_h (x_{ih} x_{hj}) v_j",
    reach(FORWARD, t.ANY, untied=True),
    ACTOR,
)
for name, short, same, shared, formula in (
    ("four_cycles_same_senders", "sameXCycle4", True, False, "v_i = v_h"),
    ("four_cycles_same_receivers", "sameInXCycle4", False, True, "v_j = v_k"),
):
    effect(
        name,
        short,
        rf"\frac12 \sum_{{j,h,k}} x_{{ij}} x_{{ik}} x_{{hj}} x_{{hk}} 1\{{{formula}\}} (half of it in moments)",
        cycle(same, shared),
        ACTOR,
        parameter=1,
        parameters=(0, 1),
        networks=ANY if same else ("directed",),
    )
for name, short, total in (("group_mean", "avGroupEgoX", False), ("group_total", "totGroupEgoX", True)):
    effect(
        name,
        short,
        rf"x_{{i+}} times the {'sum' if total else 'mean'} of v over all actors",
        near(t.TOTAL if total else t.MEAN, t.EVERYBODY, of_ego=True),
        ACTOR,
        interaction="ego",
    )
