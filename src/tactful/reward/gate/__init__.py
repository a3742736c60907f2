"""Speak or stay silent: thresholds from costs, and promises."""
