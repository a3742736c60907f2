"""The app as browsers see it, over HTTP without a socket; and items of the four kinds."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from starlette.testclient import TestClient

from tactful.annotation.app import AppOptions, build_annotation_app
from tactful.annotation.services.accounts import invite, link_path, setup_token
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store
from tactful.annotation.types import Asking, FollowUp, Item, Proposals, Replies, Shown
from tactful.types import Event, Message

PASSWORD = "four words are enough"
KINDS: dict[str, Shown] = {
    "several": Proposals(
        events=(Event(text="The user opens the log."), Event(text="The same error appears a third time.")),
        candidates=("Shall I read the traceback?", "Shall I write a README?", "Shall I run the tests?"),
    ),
    "one": Proposals(events=(Event(text="The user types."),), candidates=("Shall I sort the imports?",)),
    "silence": Proposals(events=(Event(text="The user opens the mail program."),)),
    "replies": Replies(
        messages=(Message(role="user", content="A table for Friday, please."),),
        first="For how many people?",
        second="Done: a table for two at seven.",
    ),
    "follow-up": FollowUp(request="Sort this list.", answer="1, 2, 10", next="I said by name!"),
    "asking": Asking(messages=(Message(role="user", content="Book me a table."),)),
}


def items(*names: str) -> list[Item]:
    """One of each of `KINDS` that is named; all where none is."""
    return [Item(id=name, session=name, shown=KINDS[name]) for name in names or KINDS]


class Browser(TestClient):
    """A browser with its cookies: sends the token of the last page with every form, follows redirects."""

    def __init__(self, app: Any, base_url: str = "http://127.0.0.1", client: str = "127.0.0.1") -> None:
        super().__init__(app, base_url=base_url, client=(client, 50000), raise_server_exceptions=False)
        self.page = ""

    def request(self, *args: Any, **options: Any) -> Any:
        """Remembers the page."""
        answer = super().request(*args, **options)
        if "<html" in answer.text:
            self.page = answer.text
        return answer

    def submit(self, path: str, *, part: bool = False, token: str | None = None, **fields: Any) -> Any:
        """Post a form, as htmx where `part`."""
        found = re.search(r'"X-CSRF-Token": "(\w+)"', self.page)
        headers = {"HX-Request": "true"} if part else {}
        data = {"csrf_token": token if token is not None else found[1] if found else "", **fields}
        body = urlencode(data, errors="surrogatepass")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.post(path, content=body, headers=headers)

    def come(self, token: str, name: str) -> Any:
        """By a link."""
        self.get(link_path(token))
        return self.submit(link_path(token), name=name, password=PASSWORD, again=PASSWORD)

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        """By name and password."""
        self.get("/login")
        return self.submit("/login", name=name, password=password)

    def field(self, name: str) -> str:
        """The value of a field of the page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no field {name}"
        return found[1]


class Site:
    """An app over a store, its administrator and annotators."""

    def __init__(self, store: Store, *names: str, options: AppOptions | None = None, **project: Any) -> None:
        self.store = store
        keep_project(store, Project.model_validate({"gold_share": 0, "repeat_share": 0, **project}))
        self.items = items(*names)
        load_items(store, self.items)
        self.app = build_annotation_app(store, options)

    def browser(self, **options: Any) -> Browser:
        """One that nobody is signed in with."""
        return Browser(self.app, **options)

    def annotator(self, name: str = "Ann") -> Browser:
        """One of a new annotator."""
        browser = self.browser()
        browser.come(invite(self.store), name)
        return browser

    def administrator(self, name: str = "Ada") -> Browser:
        """One of the administrator."""
        browser, token = self.browser(), setup_token(self.store)
        assert token is not None
        browser.come(token, name)
        return browser
