"""The tables, as SQLAlchemy knows them; `revisions/` makes them. A test compares the two."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, MetaData, String, Table, Text

from tactful.database import Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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
