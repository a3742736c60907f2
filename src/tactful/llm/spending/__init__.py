"""What calls take: counted for each record, priced, capped for a run, foretold before it begins."""
