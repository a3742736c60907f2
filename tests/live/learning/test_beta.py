"""Our Beta distribution is scipy's."""

from __future__ import annotations

import pytest
from scipy.special import betainc, betaln

from tactful.live.learning.beta import beta_below, beta_log

SHAPES = (0.05, 0.65, 1.0, 2.3, 17.0, 400.0, 1e5)


@pytest.mark.parametrize("a", SHAPES)
@pytest.mark.parametrize("b", SHAPES)
def test_it_is_scipys(a: float, b: float) -> None:
    assert beta_log(a, b) == pytest.approx(betaln(a, b), rel=1e-9, abs=1e-9)
    mean = a / (a + b)
    for x in (0.0, 1e-9, 0.01, 0.3, mean, min(1.0, mean * 1.02), 0.9, 1 - 1e-9, 1.0):
        assert beta_below(a, b, x) == pytest.approx(betainc(a, b, x), rel=1e-8, abs=1e-10)
