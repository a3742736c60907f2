"""What an advisor knows of conversations and users, kept while requests wait for it; the database itself is `storing`.

| file | what it holds |
|---|---|
| `memory.py` | all of it, as an advisor asks for it |
| `at_hand.py`, `at_once.py`, `lookup.py` | the latest conversations in memory; a file of SQLite in microseconds; any database |
| `writing.py` | advice and observations on their way in |
| `tastes.py` | what users have shown |
| `shared.py` | what all advisors on one database share |
"""
