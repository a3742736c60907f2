"""Will the user accept this, now? Embedded model, LM judge, calibrated probabilities, and thresholds from costs."""
