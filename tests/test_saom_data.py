"""Panels of every kind, and the arrays that the actor-oriented model makes of them."""

import numpy as np
import pytest

from coplearn.kernels.saom_state import MISSING_AT_END, MISSING_AT_START
from coplearn.panel import MISSING_TIE, JointPanel
from coplearn.saom_data import AT_LEAST_ONE, DISJOINT, HIGHER, Options, prepare


def waves(*changes, n=5):
    """A directed network of n members: ties of the first wave, then cells that are toggled from wave to wave."""
    x = np.zeros((n, n))
    x[0, 1] = x[1, 2] = x[2, 0] = x[3, 1] = 1
    out = [x]
    for cells in changes:
        x = x.copy()
        for i, j in cells:
            x[i, j] = 1 - x[i, j]
        out.append(x)
    return np.array(out)


def one(panel, modelled=("net",), **options):
    return prepare({"": panel}, list(modelled), Options(**options))[0]


# --- panels ---------------------------------------------------------------------------------------------


def test_codes_10_and_11_are_structural():
    ties = waves([(4, 0)])
    ties[0, 3, 4], ties[1, 3, 1] = 10, 11
    panel = JointPanel.from_arrays({"net": ties})
    assert panel.networks["net"].ties.max() == 1
    assert np.argwhere(panel.structural["net"]).tolist() == [[0, 3, 4], [1, 3, 1]]


def test_a_symmetric_network_is_undirected_unless_said_otherwise():
    ties = waves([(4, 0)])
    ties = np.maximum(ties, ties.transpose(0, 2, 1))
    assert not JointPanel.from_arrays({"net": ties}).networks["net"].directed
    assert JointPanel.from_arrays({"net": ties}, directed={"net": True}).networks["net"].directed
    assert JointPanel.from_arrays({"net": ties}).networks["net"].table()["ties"].tolist() == [4, 5]
    with pytest.raises(ValueError, match="called undirected, but wave 1 is not symmetric"):
        JointPanel.from_arrays({"net": waves([(4, 0)])}, directed={"net": False})


def test_one_report_is_enough_in_an_undirected_network():
    full = waves([(4, 0)])
    full = np.maximum(full, full.transpose(0, 2, 1))
    ties = full.copy()
    ties[0, 2], ties[1, 3:] = np.nan, np.nan  # one did not answer; then two, who know each other's tie from nobody
    panel = JointPanel.from_arrays({"net": ties})
    told = full.copy()
    told[1, 3, 4] = told[1, 4, 3] = MISSING_TIE
    assert not panel.networks["net"].directed
    np.testing.assert_array_equal(panel.networks["net"].ties, told)
    assert one(panel).periods[0].directed.tolist() == [0]
    said = JointPanel.from_arrays({"net": ties}, directed={"net": True}).networks["net"]
    assert said.directed and (said.ties == MISSING_TIE).sum() == 4 + 8


def test_no_tie_known_from_both_sides_is_no_evidence_of_symmetry():
    ties = waves([(4, 0)])
    ties = np.maximum(ties, ties.transpose(0, 2, 1))
    ties[:, np.triu(np.ones((5, 5), bool), 1)] = np.nan
    assert JointPanel.from_arrays({"net": ties}).networks["net"].directed
    panel = JointPanel.from_arrays({"net": ties}, directed={"net": False})
    assert panel.networks["net"].table()["missing"].tolist() == [0, 0]
    ties[0, 1, 0], ties[0, 0, 1] = 0, 1
    with pytest.raises(ValueError, match=r"wave 1 is not symmetric \(m1 to m2\)"):
        JointPanel.from_arrays({"net": ties}, directed={"net": False})


def test_a_structural_tie_may_be_known_from_one_side():
    ties = waves([(4, 0)])
    ties = np.maximum(ties, ties.transpose(0, 2, 1))
    mask = np.zeros(ties.shape, bool)
    ties[0, 3, 4], ties[0, 4, 3] = 10, np.nan
    ties[1, 0, 1], mask[1, 0, 1] = np.nan, True
    panel = JointPanel.from_arrays({"net": ties}, structural={"net": mask})
    assert np.argwhere(panel.structural["net"]).tolist() == [[0, 3, 4], [0, 4, 3], [1, 0, 1], [1, 1, 0]]
    assert panel.networks["net"].ties[1, 0, 1] == 1 and panel.networks["net"].ties.max() == 1
    ties[0, 4, 3] = 1
    with pytest.raises(ValueError, match=r"called undirected, but wave 1 is not symmetric \(m4 to m5\)"):
        JointPanel.from_arrays({"net": ties}, directed={"net": False})


def test_a_network_that_is_not_square_is_two_mode():
    ties = np.zeros((2, 5, 3))
    ties[0, 0, 1] = ties[1, 4, 2] = 1
    panel = JointPanel.from_arrays({"net": waves([(4, 0)]), "projects": ties}, covariates={"age": range(3)})
    assert panel.networks["projects"].two_mode and len(panel.networks["projects"].nodes) == 3
    assert "projects (1, 1 ties two-mode, 3 nodes)" in repr(panel)
    problem = one(panel)
    assert problem.context.networks["projects"].n_columns == 3
    assert problem.context.actors["age"].fits == {"projects"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ties": {}}, "at least one network"),
        ({"ties": {"net": np.zeros((5, 5))}}, "expected \\(n_waves, n_members, n_members\\)"),
        ({"ties": {"net": np.zeros((1, 5, 5))}}, "two waves or more"),
        ({"ties": {"net": np.full((2, 5, 5), 0.5)}}, "write 0, 1, or NaN"),
        ({"ties": {"net": np.ones((2, 5, 5))}}, "the diagonal is 0"),
        ({"behavior": {"drink": np.zeros((3, 5))}}, "behavior 'drink' has shape \\(3, 5\\); expected \\(2, 5\\)"),
        ({"covariates": {"age": np.zeros(4)}}, "covariate 'age' has shape \\(4,\\)"),
        ({"dyadic": {"near": np.zeros((4, 5))}}, "dyadic 'near' has shape"),
        ({"presence_intervals": [[0, 1]] * 4}, "one row of entry and exit"),
        ({"presence_intervals": [[1, 0]] * 5}, "entry comes before exit"),
        ({"structural": {"met": np.zeros((2, 5, 5))}}, "no network 'met'. Did you mean 'net'"),
        ({"covariates": {"net": np.zeros(5)}}, "names two things"),
    ],
)
def test_a_panel_that_cannot_be_is_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        JointPanel.from_arrays(**({"ties": {"net": waves([(4, 0)])}} | change))


# --- what cannot be modelled ----------------------------------------------------------------------------


def test_waves_and_behaviors_that_cannot_be_modelled_are_named():
    same = JointPanel.from_arrays({"net": waves([(4, 0)], [])}, waves=[2019, 2020, 2021])
    with pytest.raises(ValueError, match="'net' does not change from wave 2020 to wave 2021"):
        one(same)
    lost = waves([(4, 0)])
    lost[1] = np.nan
    with pytest.raises(ValueError, match="'net' is missing for everybody at wave 2"):
        one(JointPanel.from_arrays({"net": lost}))
    with pytest.raises(ValueError, match="is 3 for everybody at every wave"):
        one(JointPanel.from_arrays({"net": waves([(4, 0)])}, {"drink": np.full((2, 5), 3)}), ["net", "drink"])
    half = JointPanel.from_arrays({"net": waves([(4, 0)])}, {"drink": [[1, 2, 3, 1, 2.5], [1, 2, 3, 3, 2]]})
    with pytest.raises(ValueError, match=r"m5 has 2.5 at wave 1. Use panel.rounded\('drink'\)"):
        one(half, ["net", "drink"])
    assert one(half.rounded("drink", 0.5), ["net", "drink"]).periods[0].z[0].tolist() == [2, 4, 6, 2, 5]
    with pytest.raises(ValueError, match=r"no network or behavior to model 'nat'. Did you mean 'net'"):
        one(half, ["nat"])


def test_groups_need_the_same_variables():
    a = JointPanel.from_arrays({"net": waves([(4, 0)])})
    b = JointPanel.from_arrays({"net": waves([(4, 0)])}, covariates={"age": np.arange(5)})
    with pytest.raises(ValueError, match="group 'b' has covariates age, the first group none"):
        prepare({"a": a, "b": b}, ["net"], Options())


# --- constants ------------------------------------------------------------------------------------------


def test_constants_are_those_that_rsiena_prints(reference_panel):
    context = one(reference_panel, ["net", "drink"]).context
    # RSiena 1.6.6 on these data: mean, range, similarity mean (15 digits printed)
    known = {"smoke1": (1.38, 2, 0.691020408163265), "alc": (2.99, 4, 0.674387755102041)}
    known["drink"] = (3.11333333333333, 4, 0.674387755102041)
    for name, (mean, span, similarity) in known.items():
        fact = context.actor(name)
        assert (fact.mean, fact.range, fact.similarity_mean) == pytest.approx((mean, span, similarity), abs=1e-13)
    assert context.dyadic("dyad").mean == pytest.approx(2.04081632653061, abs=1e-13)
    net = context.network("net")
    assert net.balance_mean == pytest.approx(0.0889285714285714, abs=1e-13)
    assert net.structural_mean == pytest.approx(0.0896768707482993, abs=1e-13)
    ties, off = reference_panel.networks["net"].ties.astype(int), ~np.eye(50, dtype=bool)
    assert net.shared_mean == pytest.approx(np.mean([(x @ x.T)[off].mean() for x in ties]), abs=1e-13)
    assert context.actor("drink").alter_similarity_mean["net"] == pytest.approx(0.742623129251701, abs=1e-13)


def test_constants_do_not_know_what_stands_in_the_cells_of_absent_members():
    present = np.ones((3, 5), bool)
    present[0, 3], present[2, 1] = False, False
    facts = []
    for filler in (0, 1, np.nan):
        ties = waves([(4, 0)], [(2, 4)])
        for w, i in np.argwhere(~present):
            ties[w, i], ties[w, :, i], ties[w, i, i] = filler, filler, 0
        context = one(JointPanel.from_arrays({"net": ties}, present=present)).context
        facts.append(context.network("net"))
    assert facts[0] == facts[1] == facts[2]


def test_centring_can_be_left_out_and_missing_covariates_are_at_their_mean():
    panel = JointPanel.from_arrays({"net": waves([(4, 0)])}, covariates={"age": [1, 2, np.nan, 3, 6]})
    assert one(panel).periods[0].v[0].tolist() == [-2, -1, 0, 0, 3]
    plain = one(panel, uncentred=["age"]).periods[0]
    assert plain.v[0].tolist() == [1, 2, 3, 3, 6] and plain.v_missing[0].tolist() == [0, 0, 1, 0, 0]


def test_dyadic_covariates_can_be_left_uncentred_and_are_at_their_mean_where_missing():
    near = np.arange(25.0).reshape(5, 5)
    near[0, 1] = np.nan
    panel = JointPanel.from_arrays({"net": waves([(4, 0)])}, dyadic={"near": near})
    average = np.nanmean(near[~np.eye(5, dtype=bool)])
    for uncentred, mean in (((), average), (("near",), 0.0)):
        problem = one(panel, uncentred=uncentred)
        assert problem.context.dyadics["near"].mean == pytest.approx(mean)
        assert problem.periods[0].w[0, 0, 1] == pytest.approx(average)


# --- missing, structural, monotone ----------------------------------------------------------------------


def test_missing_values_start_where_they_were_last_seen_and_count_nowhere():
    ties = waves([(4, 0)], [(4, 1)])
    ties[0, 0, 3] = ties[1, 0, 1] = np.nan
    drink = [[1, np.nan, 3, np.nan, 2], [1, 2, np.nan, np.nan, 3], [2, 2, 1, np.nan, 3]]
    problem = one(JointPanel.from_arrays({"net": ties}, {"drink": drink}), ["net", "drink"])
    first, second = problem.periods
    assert first.x[0, 0, 3] == 0 and second.x[0, 0, 1] == 1
    assert np.argwhere(first.missing[0] & MISSING_AT_START).tolist() == [[0, 3]]
    assert np.argwhere(first.missing[0] & MISSING_AT_END).tolist() == [[0, 1]]
    assert np.argwhere(second.missing[0]).tolist() == [[0, 1]]
    # seen earlier, else later, else the mode of the wave
    assert first.z[0].tolist() == [1, 2, 3, 1, 2] and second.z[0].tolist() == [1, 2, 3, 1, 3]
    assert first.z_missing[0].tolist() == [0, 1, 1, 1, 0]
    assert first.v_missing[-1].tolist() == [0, 1, 0, 1, 0]
    assert problem.distance.tolist() == [[1, 1], [1, 1]]


def test_structural_ties_keep_their_start_and_are_given_their_end():
    ties = waves([(4, 0), (0, 1), (3, 4)])
    ties[0, 0, 1] = 11  # structural at the start: free and gone at the end
    ties[1, 3, 4] = 11  # becomes structural
    period = one(JointPanel.from_arrays({"net": ties})).periods[0]
    problem = one(JointPanel.from_arrays({"net": ties}))
    assert period.fixed[0, 0, 1] == 1 and problem.x_end[0, 0, 0, 1] == 1
    assert period.end_fixed[0, 3, 4] == 1 and period.end_value[0, 3, 4] == 1
    assert problem.distance.tolist() == [[1]]


def test_a_period_in_which_ties_only_appear_is_seen_and_can_be_lifted():
    panel = JointPanel.from_arrays({"net": waves([(4, 0)], [(0, 1)])})
    up = [p.up_only.tolist() for p in one(panel).periods]
    down = [p.down_only.tolist() for p in one(panel).periods]
    assert (up, down) == ([[1], [0]], [[0], [1]])
    assert not any(p.up_only.any() or p.down_only.any() for p in one(panel, monotone=False).periods)


def test_relations_between_networks_are_found():
    inner, outer = waves([(4, 0)]), waves([(4, 0), (0, 3)])
    outer[:, 1, 4] = 1
    apart = np.zeros_like(inner)
    apart[:, 0, 4] = apart[1, 2, 3] = 1
    panel = JointPanel.from_arrays({"in": inner, "out": outer, "apart": apart})
    found = [tuple(row) for row in one(panel, ["in", "out", "apart"]).periods[0].constraint.tolist()]
    assert (HIGHER, 1, 0) in found and (DISJOINT, 0, 2) in found and (HIGHER, 0, 1) not in found
    assert not any(kind == AT_LEAST_ONE for kind, *_ in found)
    assert not len(one(panel, ["in", "out", "apart"], constraints=False).periods[0].constraint)


# --- joining and leaving --------------------------------------------------------------------------------


def test_networks_that_are_one_cannot_both_change():
    ties = waves([(4, 0), (0, 1)], [(3, 1)])
    other = 1 - ties - np.eye(5)
    for second, word in ((ties, "the same"), (other, "opposites")):
        panel = JointPanel.from_arrays({"net": ties, "again": second})
        with pytest.raises(ValueError, match=f"'net' and 'again' are {word} at every wave, so neither can change"):
            one(panel, ("net", "again"))
        assert one(panel, ("net", "again"), constraints=False) and one(panel)


def test_members_come_and_go_at_their_moments():
    intervals = [[-np.inf, np.inf]] * 3 + [[0.25, np.inf], [-np.inf, 1.5]]
    panel = JointPanel.from_arrays({"net": waves([(0, 2)], [(0, 3)])}, presence_intervals=intervals)
    assert panel.present.tolist() == [[1, 1, 1, 0, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]
    first, second = one(panel).periods
    assert first.active.tolist() == [1, 1, 1, 0, 1]
    assert (first.event_time.tolist(), first.event_actor.tolist(), first.event_join.tolist()) == ([0.25], [3], [1])
    assert (second.event_time.tolist(), second.event_actor.tolist(), second.event_join.tolist()) == ([0.5], [4], [0])
    # before joining nothing; after leaving, what there was
    assert not first.x[0, 3].any() and second.x[0, 3, 1] == 1
    assert (one(panel).x_end[1, 0, 4] == second.x[0, 4]).all()


def test_without_moments_members_come_in_the_middle_of_a_period():
    present = [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    period = one(JointPanel.from_arrays({"net": waves([(0, 2)])}, present=present)).periods[0]
    assert (period.event_time.tolist(), period.event_actor.tolist()) == ([0.5], [4])


def test_a_joiner_has_no_behavior_to_start_from():
    present = [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    drink = [[1, 2, 3, 1, 9], [2, 2, 3, 1, 3]]
    problem = one(JointPanel.from_arrays({"net": waves([(0, 2)])}, {"drink": drink}, present=present), ["net", "drink"])
    assert problem.periods[0].z[0].tolist() == [1, 2, 3, 1, 3]
    assert problem.periods[0].z_missing[0].tolist() == [0, 0, 0, 0, 1]
