"""An endpoint that answers `/v1/decisions` as reader: every question of one turn in one call, probabilities back."""
