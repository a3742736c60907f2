"""When an offer may reach a person, and how: the delivery policy, its ordered checks, the ledger, the ways out."""
