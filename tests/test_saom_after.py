"""What follows fits of the actor-oriented model: tests with known values, several groups, side by side, RSiena."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm
from test_saom import BOTH, NET, QUICK, fitted, glasgow, panel, small  # noqa: F401  (fixtures)

import coplearn as cl
from coplearn import effects as fx
from coplearn.estimation import Estimation
from coplearn.panel import MISSING_TIE, JointPanel
from coplearn.results import Estimates
from coplearn.saom import SAOM


@pytest.mark.published
def test_score_and_time_tests_have_the_values_that_rsiena_prints(glasgow):  # noqa: F811
    ties, _, smoke = glasgow
    model = SAOM(
        JointPanel.from_arrays({"net": ties}, covariates={"smoke": smoke}),
        {"net": [*NET, fx.alter("smoke"), fx.ego("smoke"), fx.similarity("smoke")]},
    )
    res = model.fit(Estimation(), seed=1)
    # RSiena 1.6.6, mean of five fits. Ours vary with the seed by 0.01 (z), 0.01 (step), 0.2 (joint) and 0.05 (others)
    score = res.score_test(fx.three_cycles())
    assert score.effects["z"].item() == pytest.approx(-0.328, abs=0.06)
    assert score.effects["one_step"].item() == pytest.approx(-0.099, abs=0.03)
    time = res.time_test()
    assert time.joint.df == 6 and time.joint.statistic == pytest.approx(6.90, abs=0.8)
    assert time.effects["statistic"].to_numpy() == pytest.approx([0.054, 0.892, 0.498, 1.06, 0.198, 1.54], abs=0.2)


def test_two_fits_stand_side_by_side(fitted):  # noqa: F811
    short = SAOM(fitted.model.panel, {"net": NET}).fit(QUICK, seed=1)
    both = cl.compare(short=short, long=fitted)
    assert both.estimates.loc["net: reciprocity"].tolist() == [
        short.params["net: reciprocity"],
        fitted.params["net: reciprocity"],
    ]
    assert np.isnan(both.estimates.loc["drink: average_alter(net)", "short"])
    assert both.errors.loc["drink: average_alter(net)", "long"] == fitted.bse["drink: average_alter(net)"]
    assert "AIC" not in repr(both) and "net: rate 1" in repr(both)  # moments have no likelihood


def fits(theta, s):
    """Results of groups, as far as a meta-analysis reads them."""
    return {
        f"group {k}": Estimates(pd.Series({"tie": t}), pd.DataFrame([[e**2]], ["tie"], ["tie"]), 30, "descriptive", ())
        for k, (t, e) in enumerate(zip(theta, s, strict=True))
    }


@pytest.mark.parametrize(
    ("theta", "s"),
    [
        ([0.9, 2.1, -0.2, 1.4, 0.6], [0.3, 0.4, 0.35, 0.5, 0.2]),  # groups differ
        ([1.0, 1.2, 0.9, 1.1], [0.4, 0.5, 0.3, 0.6]),  # no more than by chance
    ],
)
def test_meta_analysis_is_that_of_the_paper(theta, s):
    """Snijders & Baerveldt (2003), each formula as it reads; maximum likelihood by the Newton steps of the paper."""
    row = cl.meta_analysis(fits(theta, s)).table().loc["tie"]
    theta, s, n = np.array(theta), np.array(s), len(theta)
    variance = max(0, ((theta - theta.mean()) ** 2).sum() / (n - 1) - (s**2).mean())
    mean = (theta / (variance + s**2)).sum() / (1 / (variance + s**2)).sum()
    error = 1 / np.sqrt((1 / (variance + s**2)).sum())
    assert row[["mean", "s.e.", "sd"]].tolist() == pytest.approx([mean, error, np.sqrt(variance)])
    assert row["p"] == pytest.approx(2 * norm.sf(abs(mean / error)))
    squares = ((theta / s) ** 2).sum()
    common = (theta / s**2).sum() / np.sqrt((1 / s**2).sum())
    assert row["all_zero_p"] == pytest.approx(chi2.sf(squares, n))
    assert row["same_p"] == pytest.approx(chi2.sf(squares - common**2, n - 1))
    assert row["positive_p"] == pytest.approx(chi2.sf(-2 * np.log(1 - norm.cdf(theta / s)).sum(), 2 * n))
    assert row["negative_p"] == pytest.approx(chi2.sf(-2 * np.log(norm.cdf(theta / s)).sum(), 2 * n))
    best = variance
    for _ in range(200):
        c = 1 / (best + s**2)
        d = theta - (c * theta).sum() / c.sum()
        best = max(0, best + (c * (c * d**2 - 1)).sum() / (c**2 * (2 * c * d**2 + 1)).sum())
    c = 1 / (best + s**2)
    found = row[["mean_ml", "sd_ml"]].tolist()
    assert found == pytest.approx([(c * theta).sum() / c.sum(), np.sqrt(best)], abs=1e-4)  # of a search


needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")

# Stands in for RSiena: it keeps what it is given, and has the names of arguments that the package documents.
STAND_IN = """
library <- function(...) NULL
sienaNodeSet <- function(n, nodeSetName) list(n, nodeSetName)
sienaDependent <- function(netarray, type, nodeSet, sparse, allowOnly) netarray
coCovar <- function(val, centered, nodeSet, imputationValues) val
varCovar <- coCovar
coDyadCovar <- function(val, centered, nodeSets, type) val
varDyadCovar <- coDyadCovar
sienaCompositionChange <- function(changelist, nodeSet, option) changelist
sienaDataCreate <- function(..., nodeSets) list(...)
sienaGroupCreate <- function(objlist) objlist
getEffects <- function(x) "effects"
setEffect <- function(x, shortName, parameter, include, name, type, interaction1, interaction2, character)
  c(x, shortName)
includeInteraction <- function(x, ..., name, type, interaction1, interaction2) c(x, "product")
density <- recip <- linear <- quad <- egoX <- transTrip <- "a name"
sienaAlgorithmCreate <- function(projname, seed, n3, cond, modelType, MaxDegree, behModelType) list(cond)
siena07 <- function(x, data, effects, prevAns, batch) list(tconv.max = 0.1, effects = length(effects))
source("model.R")
cat(sum(net, na.rm = TRUE), sum(is.na(net)), dim(net), dim(drink), sum(drink, na.rm = TRUE))
cat("", length(age), sum(near), length(changes))
"""


def test_the_script_for_rsiena_has_what_the_model_is_about_one_mode_first(tmp_path):
    rng, frame = np.random.default_rng(1), small()
    clubs = rng.integers(0, 2, (3, 16, 4))
    spare = {"smoke": rng.integers(1, 4, (3, 16)), "drink": frame.behaviors["drink"].values}
    ties, near = {"clubs": clubs, "net": frame.networks["net"].ties}, {"near": rng.random((16, 16))}
    whole = JointPanel.from_arrays(ties, spare, {"age": np.arange(16)}, near)
    effects = [*NET, fx.rsiena("from", "clubs"), fx.ego("drink"), fx.rsiena("X", "near")]
    SAOM(whole, {"net": effects}, uncentred=["near"]).to_rsiena(tmp_path)
    script = (tmp_path / "model.R").read_text()
    near_line = next(line for line in script.splitlines() if line.startswith("near <-"))
    assert ", centered = FALSE, nodeSets" in near_line
    assert "sienaDataCreate(net, clubs, drink, near, nodeSets" in script
    assert "# RSiena models clubs, drink, too" in script


@needs_r
def test_r_understands_the_script_and_reads_the_data_that_we_have(tmp_path):
    ties = small().networks["net"].ties.astype(float)
    ties[0, 2, 3] = np.nan
    drink, near = small().behaviors["drink"].values, np.random.default_rng(1).random((16, 16))
    stay = [[0, 2]] * 15 + [[0.5, 2]]
    frame = JointPanel.from_arrays(
        {"net": ties}, {"drink": drink}, {"age": np.arange(16)}, {"near": near}, presence_intervals=np.array(stay)
    )
    effects = [*NET, fx.rsiena("X", "near"), fx.interaction(fx.ego("age"), fx.reciprocity())]
    SAOM(frame, {"net": effects, "drink": BOTH["drink"]}).to_rsiena(tmp_path)
    (tmp_path / "check.R").write_text(STAND_IN)
    ran = subprocess.run(["Rscript", "check.R"], cwd=tmp_path, capture_output=True, text=True, check=True)
    numbers = [float(v) for v in ran.stdout.splitlines()[-1].split()]
    known = np.where(frame.networks["net"].ties == MISSING_TIE, np.nan, frame.networks["net"].ties)
    drunk = np.nansum(frame.behaviors["drink"].values)
    expected = [np.nansum(known), np.isnan(known).sum(), 16, 16, 3, 16, 3, drunk, 16, near.sum(), 16]
    assert numbers == pytest.approx(expected, rel=1e-6)  # cat() prints seven digits


@pytest.mark.parametrize("size", [1e-7, 1e4])
def test_a_meta_analysis_does_not_depend_on_the_unit(size):
    theta, s = np.array([0.9, 2.1, -0.2, 1.4, 0.6]), np.array([0.3, 0.4, 0.35, 0.5, 0.2])
    in_unit = ["mean", "s.e.", "sd", "mean_ml", "sd_ml", "low", "high"]
    plain = cl.meta_analysis(fits(theta, s)).table().loc["tie"]
    other = cl.meta_analysis(fits(size * theta, size * s), largest_error=np.inf).table().loc["tie"]
    assert (other[in_unit] / size).tolist() == pytest.approx(plain[in_unit].tolist(), rel=1e-4)  # of the search
    with pytest.raises(ValueError, match="nothing to combine"):
        cl.meta_analysis(fits(theta, 100 * s))
