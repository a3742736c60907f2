"""The tables, as SQLAlchemy knows them; `revisions/` makes them. A test compares the two."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

from tactful.database import Utc

metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})

meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),  # JSON: the salt of hashes, the kill switch, the population
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), nullable=False),
    Column("task", Text, nullable=False),  # JSON: where its present task stands
    Column("texts", Text),  # JSON: the messages, where texts are kept; NULL: they are not
    Column("begun_at", Utc, nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_conversations_user", "user"),
    Index("ix_conversations_at", "at"),
)

advice = Table(
    "advice",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("conversation", String(64), nullable=False),
    Column("key", String(32), nullable=False),  # of the request, as `recognising` makes it
    Column("user", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("choice", String(8), nullable=False),
    Column("treated", Boolean, nullable=False),
    Column("record", Text, nullable=False),  # the whole Advice, JSON
    Index("ix_advice_key", "key"),
    Index("ix_advice_conversation", "conversation"),
    Index("ix_advice_user", "user"),
    Index("ix_advice_at", "at"),
)

observations = Table(
    "observations",
    metadata,
    Column("advice", String(32), primary_key=True),
    Column("conversation", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("record", Text, nullable=False),  # the whole Observation, JSON
    Index("ix_observations_user", "user"),
    Index("ix_observations_conversation", "conversation"),
    Index("ix_observations_at", "at"),
)

tastes = Table(
    "tastes",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("record", Text, nullable=False),  # the whole Taste, JSON
    Column("at", Utc, nullable=False),
)

offers = Table(
    "offers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("key", String(32), nullable=False),  # the same for the same offer; empty: nothing was proposed
    Column("at", Utc, nullable=False),
    Column("last_at", Utc),  # of a row that stands for several alike
    Column("times", Integer, nullable=False),
    Column("made", String(10), nullable=False),
    Column("check", String(20), nullable=False),
    Column("waiting", Boolean, nullable=False),  # for the digest
    Column("reaction", String(10), nullable=False),
    Column("reacted_at", Utc),
    Column("text", Text, nullable=False),  # of the offer; emptied when it is over, unless texts are kept
    Column("events", Text),  # JSON: what was seen, where texts are kept
    Column("record", Text, nullable=False),  # the Offer as it was decided, JSON, without its text
    Index("ix_offers_at", "at"),
    Index("ix_offers_user_at", "user", "at"),
    Index("ix_offers_waiting", "waiting"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("offer", String(32), nullable=False),
    Column("user", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("digest", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String(200), nullable=False),  # empty: it arrived
    Index("ix_deliveries_at", "at"),
    Index("ix_deliveries_offer", "offer"),
    Index("ix_deliveries_user", "user"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("kind", String(40), primary_key=True),  # empty: offers of every kind
    Column("until", Utc),  # NULL: until it is taken back
)
