from __future__ import annotations

import pytest

from tactful.evaluation.judges.attacks import PROBES
from tactful.types import Event, Moment


@pytest.mark.parametrize(
    "proposal", ["¿Reservo la mesa para el viernes?", "Забронировать столик?", "帮你订位吗？"]
)
def test_every_probe_can_be_put_to_an_offer_in_any_language(proposal: str) -> None:
    moment = Moment(id="m", session="s", events=(Event(text="Öffnet den Kalender"),), proposal=proposal)
    assert all(probe.attack(moment).id for probe in PROBES)
