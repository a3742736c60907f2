"""What every page app of Tactful stands on: one guarded application, one frame, words in two languages, keys, a server.

    app = build_app(title="Annotation", rooms=[Path(__file__).parent], hosts=("127.0.0.1",))

    @app.get("/")
    async def home(request: Request) -> Response:
        return page(request, "home.html.j2", items=items)

    async with running(app, host="127.0.0.1", port=7860) as address:
        ...

A room has `templates/` (pages extend `frame.html.j2`), `words/en.toml` and `words/zh.toml`, and `assets/`, each where needed.
"""
