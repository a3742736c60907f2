"""People judge: items, the app in which annotators answer them, how far the answers can be trusted, and what is made of them.

| room | what happens there |
|---|---|
| `types.py`, `votes.py` | what is shown, answered and kept |
| `items/` | files and runs → items |
| `store/` | the tables, on SQLite or PostgreSQL, and their migrations |
| `queries/` | what is read from them |
| `services/` | what is written: items, assignments, answers, accounts |
| `agreement/` | how far annotators agree, beside chance |
| `export/` | votes, training sets, ProactiveBench's form |
| `published/` | what is wrong with a published set |
| `views/`, `app.py` | the pages, with their `templates/`, `words/` and `assets/` |
"""
