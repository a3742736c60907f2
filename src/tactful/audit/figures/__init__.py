"""From judged passages to figures: over the whole log, in its parts, against other judgements; and what to read first."""
