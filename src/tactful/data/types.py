"""Records of the data room."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tactful.types import Hidden, Private, Requirement, State


class SeedTask(Private):
    """One bundled base task in two wordings, with everything that is behind it. Written by us."""

    id: str
    """`coding-001`, `planning-001`: also the group that splits go by."""
    domain: Literal["coding", "planning"]
    lang: Literal["en", "zh"]
    complete: str
    """The wording that states every requirement."""
    open: str
    """The wording that leaves the open requirements out."""
    padded: bool
    """The open wording was written to the length of the complete one (with context that decides nothing)."""
    requirements: tuple[Requirement, ...] = Field(min_length=2)
    """`open=True` marks those that the open wording hides: together weight 0.7."""
    setup: str = ""
    reference: str
    uninformed: str
    plan_opening: str = ""

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> SeedTask:
        total = sum(item.weight for item in self.requirements)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"task '{self.id}': requirement weights sum to {total:.3f}, expected 1")
        return self

    def states(self) -> tuple[State, State]:
        """The complete and the open wording as states; in the complete one nothing is open."""
        informed = tuple(item.model_copy(update={"open": False}) for item in self.requirements)
        shared = {"reference": self.reference, "setup": self.setup, "plan_opening": self.plan_opening}
        complete = Hidden(requirements=informed, uninformed=self.reference, **shared)
        open_ = Hidden(requirements=self.requirements, uninformed=self.uninformed, **shared)
        common = {"domain": self.domain, "group": self.id, "lang": self.lang, "source": f"seed:{self.domain}"}
        return (
            State(
                id=f"{self.id}-complete", query=self.complete, wording="complete", hidden=complete, **common
            ),
            State(id=f"{self.id}-open", query=self.open, wording="open", hidden=open_, **common),
        )
