"""The vocabulary: frozen records and protocols used by more than one room. The words are those of the glossary."""

from tactful.types.base import (
    TAG,
    AnyRecord,
    Message,
    Private,
    Provenance,
    Record,
    Role,
    Written,
    content_hash,
    plain,
    seeded,
    tagged,
)
from tactful.types.conversation import (
    Branch,
    ChatTurn,
    Conversation,
    NativeAsk,
    Rating,
    Speaker,
    ToolCall,
)
from tactful.types.label import NEGATIVE, Gap, Label
from tactful.types.moment import Event, LabelledMoment, Moment, MomentLabel, ProposalHistory
from tactful.types.pair import PreferencePair, RewardedBranch
from tactful.types.protocols import BatchPolicy, Policy, Preparing, decide
from tactful.types.reaction import Decision, Reaction, Step, Trajectory
from tactful.types.task import Hidden, PublicState, Requirement, State, UserHistory

__all__ = [
    "NEGATIVE",
    "TAG",
    "AnyRecord",
    "BatchPolicy",
    "Branch",
    "ChatTurn",
    "Conversation",
    "Decision",
    "Event",
    "Gap",
    "Hidden",
    "Label",
    "LabelledMoment",
    "Message",
    "Moment",
    "MomentLabel",
    "NativeAsk",
    "Policy",
    "PreferencePair",
    "Preparing",
    "Private",
    "ProposalHistory",
    "Provenance",
    "PublicState",
    "Rating",
    "Reaction",
    "Record",
    "Requirement",
    "RewardedBranch",
    "Role",
    "Speaker",
    "State",
    "Step",
    "ToolCall",
    "Trajectory",
    "UserHistory",
    "Written",
    "content_hash",
    "decide",
    "plain",
    "seeded",
    "tagged",
]
