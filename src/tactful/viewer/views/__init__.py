"""The viewer's pages: each file has a router, which `app.py` lists."""
