"""Bins of equal mass."""

import numpy as np

from tactful.stats.calibration import full_bins


def test_a_probability_on_the_edge_of_two_bins_is_in_the_lower_one():
    # quantiles of 0, 1, … 10 tenths are 1, 2, … 9 tenths: 0 and 1 share the first bin, every other has its own
    assert full_bins(np.arange(11) / 10).tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
