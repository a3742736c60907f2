"""Two runs side by side: which records answer each other, where they differ, and by how much."""
