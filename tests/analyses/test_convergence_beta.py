"""Slopes freed of noise and persistence freed of the bias of short threads: by formula, mixed models, known truth."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from tests.analyses.measured import frame, log, thread

from unspool.analyses import Settings, convergence
from unspool.analyses._convergence_own import SLOPES


def rows(x, settings=None, **more):
    """The corrected rows of threads of equal length, three of each user."""
    threads = [thread(f"u{number // 3:03}", one.tolist(), **more) for number, one in enumerate(x)]
    settings = settings or Settings(least=x.shape[1], draws=20)
    return convergence.analyse(log(frame(threads), settings)).filter(mode="corrected", feature="x")


def estimate(found, name):
    return found.filter(estimand=name)["estimate"].item()


def noisy(seed, n=600, steps=6, beta=0.0):
    """Levels of SD 1 that go `beta` of the way to 0 along the thread, in a line, plus noise of SD .7."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(n, 1)) * (1 + beta * np.linspace(0, 1, steps))
    return 10 + level + 0.7 * rng.normal(size=(n, steps))


def autoregressive(seed, phi, n=900, steps=10):
    rng = np.random.default_rng(seed)
    x = [rng.normal(size=n) / np.sqrt(1 - phi**2)]
    for _ in range(steps - 1):
        x.append(phi * x[-1] + rng.normal(size=n))
    return 10 + np.stack(x, axis=1) + rng.normal(size=(n, 1))


def test_blomqvist_by_formula():
    x = noisy(1, n=60)
    about = x - x.mean(axis=0)
    changes = np.diff(x, axis=1)
    v1, c = about[:, 0] @ about[:, 0] / 59, about[:, 0] @ about[:, -1] / 59
    noise = changes.var(ddof=1) / 2
    crude = c / v1 - 1
    assert estimate(rows(x), "galton_slope") == pytest.approx(crude)
    assert estimate(rows(x), "blomqvist") == pytest.approx((crude * v1 + noise) / (v1 - noise))


# Random starts (SD 1) and trends (SD .3, correlated -.5): inside the bounds the mixed model gives the same.
def test_trends_are_those_of_a_mixed_model():
    rng = np.random.default_rng(2)
    start, trend = rng.multivariate_normal([0, 0], [[1, -0.15], [-0.15, 0.09]], size=90).T[..., None]
    x = 10 + start + trend * np.arange(6) + 0.7 * rng.normal(size=(90, 6))
    z = np.column_stack([np.ones(540), np.tile(np.arange(6), 90)])
    model = sm.MixedLM((x - x.mean(axis=0)).ravel(), z, groups=np.repeat(np.arange(90), 6), exog_re=z).fit(reml=True)
    expected = 5 * model.cov_re[0, 1] / model.cov_re[0, 0]
    assert estimate(rows(x), "trend_on_start") == pytest.approx(expected, rel=2e-3)


# 600 threads: an error of .05 or so; the crude slope is that of noise, -.49 / 1.49 = -.33, whatever happens.
@pytest.mark.parametrize("beta", [0.0, -0.5])
def test_noise_is_no_convergence_and_convergence_is(beta):
    found = rows(noisy(3, beta=beta))
    for name in ("blomqvist", "trend_on_start"):
        row = found.filter(estimand=name).row(0, named=True)
        assert abs(row["estimate"] - beta) < 4 * row["standard_error"] < 0.4
        assert (row["ci_high"] < 0) == (beta < 0)
    assert estimate(found, "galton_slope") < -0.25


# Nickell: of ten values with phi .5 the slope within threads is about -(1 + .5) / 9 = -.17 too small.
@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_halves_take_off_most_of_the_bias_of_short_threads(phi):
    found = rows(autoregressive(4, phi))
    naive, halves = (estimate(found, name) for name in ("ar_within", "ar_half_panel"))
    assert naive < phi - 0.08
    assert abs(halves - phi) < 0.6 * abs(naive - phi)


def test_persistence_by_formula():
    x = autoregressive(5, 0.5, n=45)
    about = x - x.mean(axis=0)

    def slope(part):
        before, after = (some - some.mean(axis=1, keepdims=True) for some in (part[:, :-1], part[:, 1:]))
        return (before * after).sum() / (before**2).sum()

    whole, one, other = slope(about), slope(about[:, :5]), slope(about[:, 5:])
    assert estimate(rows(x), "ar_within") == pytest.approx(whole)
    assert estimate(rows(x), "ar_half_panel") == pytest.approx(2 * whole - (one + other) / 2)


def test_rerolls_are_no_noise():
    x = np.repeat(noisy(6, n=60, steps=3), 2, axis=1)
    told = [[f"prompt {number} {value}" for value in one] for number, one in enumerate(x)]
    threads = [
        thread(f"u{n // 3:03}", one.tolist(), text=text) for n, (one, text) in enumerate(zip(x, told, strict=True))
    ]
    found = convergence.analyse(log(frame(threads), Settings(least=6))).filter(mode="corrected", feature="x")
    changes = np.diff(x[:, ::2], axis=1)
    about = x - x.mean(axis=0)
    v1, c = about[:, 0] @ about[:, 0] / 59, about[:, 0] @ about[:, -1] / 59
    noise = changes.var(ddof=1) / 2
    assert estimate(found, "blomqvist") == pytest.approx((c - v1 + noise) / (v1 - noise))


@pytest.mark.parametrize(("steps", "missing"), [(2, SLOPES[1:]), (5, SLOPES[2:])])
def test_short_threads_have_no_trend_or_no_halves(steps, missing):
    found = rows(noisy(7, n=30, steps=steps))
    for name in SLOPES:
        row = found.filter(estimand=name).row(0, named=True)
        assert (row["estimate"] is None) == (name in missing)
        assert row["estimate"] is not None or "a trend takes 3 steps" in row["note"]


def test_equal_values_have_no_slope():
    found = rows(np.full((9, 6), 3.0))
    assert found.filter(pl.col("estimand").is_in(list(SLOPES)))["estimate"].null_count() == 4
