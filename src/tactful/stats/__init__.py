"""The one statistics floor: estimates with intervals."""
