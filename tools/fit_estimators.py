"""Fit the models that estimate clarity and complexity again, after a change of bundled tasks or text features.

python tools/fit_estimators.py
"""

from __future__ import annotations

import json

from tactful.reading.estimate.estimator import FITTED, fit_domains

if __name__ == "__main__":
    found = {name: estimator.model_dump(mode="json") for name, estimator in fit_domains().items()}
    FITTED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
