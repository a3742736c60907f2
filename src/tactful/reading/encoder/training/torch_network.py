"""The network in torch, for training and export; whoever only reads never loads this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tactful.reading.encoder.inputs import Shown
from tactful.reading.encoder.network import WIDTH


def build_network(base: Path, words: Mapping[str, str]) -> Any:
    """The network on the encoder in the folder `base`, with a row more for each of `words`."""
    from transformers import AutoModel

    # No dropout inside: drawing it takes as long as the forward pass on a CPU, and texts are few passes.
    encoder = AutoModel.from_pretrained(
        base, attn_implementation="eager", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    _add_words(encoder, base, words)
    return network_on(encoder)


def network_on(encoder: Any) -> Any:
    """`encoder` with the heads on top.

    forward(ids, segments, mask), each (batch, length), gives `vector` (batch, 2·hidden): the mean over all tokens
    beside the mean over the judged part, and per head (batch, classes).
    """
    import torch

    class ReaderNetwork(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            hidden = encoder.config.hidden_size
            self.drop = torch.nn.Dropout(0.1)
            self.heads = torch.nn.ModuleDict(
                {name: torch.nn.Linear(2 * hidden, n) for name, n in WIDTH.items()}
            )

        def forward(self, ids: Any, segments: Any, mask: Any) -> dict[str, Any]:
            states = self.encoder(
                input_ids=ids, token_type_ids=segments, attention_mask=mask
            ).last_hidden_state
            all_of = mask.unsqueeze(-1).float()
            judged = (segments * mask).unsqueeze(-1).float()
            states = states.float()
            vector = torch.cat(
                [
                    (states * all_of).sum(1) / all_of.sum(1),
                    (states * judged).sum(1) / judged.sum(1).clamp(min=1.0),
                ],
                dim=1,
            )
            seen = self.drop(vector)
            return {"vector": vector, **{name: head(seen) for name, head in self.heads.items()}}

    return ReaderNetwork()


def as_tensors(torch: Any, shown: Sequence[Shown]) -> tuple[Any, Any, Any]:
    """ids, segments, mask, each (batch, longest)."""
    length = max(len(one.ids) for one in shown)
    ids, segments, mask = (torch.zeros(len(shown), length, dtype=torch.long) for _ in range(3))
    for row, one in enumerate(shown):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        segments[row, : len(one.segments)] = torch.tensor(one.segments)
        mask[row, : len(one.ids)] = 1
    return ids, segments, mask


def _add_words(encoder: Any, base: Path, words: Mapping[str, str]) -> None:
    """Embeddings of added words start as the mean of the pieces of their English gloss."""
    if not words:
        return
    import torch

    from tactful.reading.encoder.tokens import with_words

    plain, wider = with_words(base / "tokenizer.json", ()), with_words(base / "tokenizer.json", tuple(words))
    before = encoder.embeddings.word_embeddings.weight.data
    rows = [before[plain.encode(gloss, add_special_tokens=False).ids].mean(0) for gloss in words.values()]
    encoder.resize_token_embeddings(wider.get_vocab_size(), mean_resizing=False)
    places = torch.tensor([wider.token_to_id(word) for word in words])
    encoder.embeddings.word_embeddings.weight.data[places] = torch.stack(rows)
