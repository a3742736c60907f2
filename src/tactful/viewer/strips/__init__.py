"""What a policy did at each turn of a record, one function per kind of record."""
