"""The command line: `tactful <noun> <verb>`. One folder a noun, one file a verb; it parses, calls, prints.

`root.py` of a noun puts its verbs together. Nothing heavier than typer and pydantic is imported at the top of a file:
aiohttp, numpy, scipy, scikit-learn and matplotlib wait inside the command that needs them.
"""
