"""The server of `tactful live serve`: the decisions endpoint, advice, offers and actions at one address.

| file | what it holds |
|---|---|
| `app.py` | the application and its routes |
| `questions.py` | which questions are answered, and how one is recognised |
| `asked.py`, `answering.py` | `/v1/decisions`: the request; the answers out of readings |
| `advice.py` | `/v1/advice`, `/v1/asks`, `/v1/observations` |
| `pages.py` | `/openapi.json` and `/docs` |
"""
