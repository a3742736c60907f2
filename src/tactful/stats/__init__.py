"""The statistics floor: every estimate, interval and rate of the house is made here, and nowhere else.

- `Estimate`, `FEWEST_GROUPS`: a figure with its interval, and when it has one (`estimate.py`)
- `grouped_mean`, `grouped_gap`, `ratio`, `resampled`: intervals over groups (`bootstrap.py`)
- shares of turns and cases (`shares.py`), calibration (`calibration.py`), AUROC (`auroc.py`), agreement (`agreement.py`)
- burstiness of gaps between events (`burstiness.py`)
- `group_folds`: folds in which no group stands on both sides (`folds.py`)

Nothing here imports scipy or scikit-learn before it is called.
"""

from tactful.stats.estimate import FEWEST_GROUPS, Estimate
from tactful.stats.folds import group_folds

__all__ = ["FEWEST_GROUPS", "Estimate", "group_folds"]
