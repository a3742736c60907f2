"""A proxy in front of any OpenAI-compatible endpoint: each turn is decided, the assistant told, the answer never altered.

| room | what happens there |
|---|---|
| `app.py` | one request from its headers to the end of its answer; who may ask; counts |
| `reading.py` | a request as the advisor sees it |
| `splicing.py`, `telling.py` | where the assistant is told, with every other byte as it came |
| `threads.py` | conversations that the endpoint keeps (Responses API) |
| `passing.py` | requests out and answers back as they are |
"""
