"""What a database of decisions holds, for people: its figures, its users, its conversations as logs."""
