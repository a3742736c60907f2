"""Preference pairs and answers in the forms that trainers read, and what holds a file against them."""
