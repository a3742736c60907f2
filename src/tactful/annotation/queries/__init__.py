"""What is read from the database; nothing here writes."""
