"""Proposals by a chat model: asked with the very prompt that the gym's assistant is trained and measured with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tactful.errors import EndpointRefused, ParseError, ProviderError
from tactful.gym.play.asking import Speaker
from tactful.gym.play.assistant import ModelProposer, offered
from tactful.gym.play.parts import Seen
from tactful.gym.rules.parameters import load_parameters
from tactful.gym.rules.proposer import OfflineProposer
from tactful.live.delivery.types import Candidate
from tactful.live.watch.rules import Kinds
from tactful.live.watch.types import ProposerFailed, Window
from tactful.llm import ChatModel
from tactful.text import detect_lang


class ChatProposer:
    """One offer, or silence, for each window. What kind it is of, its text says and never the model.

    `model` None: the gym's offline assistant, which rehearses. `operations`: what the helper can do, as the model is told.
    """

    def __init__(self, model: ChatModel | None, kinds: Kinds, *, operations: tuple[str, ...] = ()) -> None:
        self.name = "model offline" if model is None else f"model {model.name}"
        self._model, self._kinds, self._operations = model, kinds, operations

    async def propose(self, window: Window) -> list[Candidate]:
        """The model's offer. Raises: ProposerFailed where it is out of reach or says nothing usable."""
        notes: list[str] = []
        ask: Callable[..., Awaitable[str | None]]
        if self._model is None:
            ask = OfflineProposer(load_parameters(None)).offer
        else:
            ask = ModelProposer(Speaker(self._model, notes=notes)).offer
        try:
            text = offered(await ask(self._seen(window), due=False))
        except EndpointRefused as error:
            raise ProposerFailed("the endpoint refuses the call (key, model name or quota)") from error
        except (ParseError, ProviderError) as error:
            why = error.outcome if isinstance(error, ProviderError) else "no usable reply"
            raise ProposerFailed(f"the model gave no proposal ({why})") from error
        if notes:
            raise ProposerFailed("the model gave no proposal (no usable reply)")
        return [] if text is None else [Candidate(kind=self._kinds.of(text), text=text)]

    async def close(self) -> None:
        """Close the connections."""
        if self._model is not None:
            await self._model.aclose()

    def _seen(self, window: Window) -> Seen:
        moment = window.moment(None)
        return Seen(
            moment=moment.model_copy(update={"id": f"{moment.id}#0", "history": window.history}),
            operations=self._operations,
            setting="",
            lang=detect_lang(" ".join(event.text for event in window.events[-5:])),
            key=(window.session, window.at.isoformat(), window.events[-1].text),
            rehearsal={},
            fresh=window.fresh,
        )
