"""The tables, as SQLAlchemy knows them; `revisions/` makes them. A test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    text,
)

from tactful.database import Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

annotators = Table(
    "annotators",
    metadata,
    Column("id", String(36), primary_key=True),  # a UUID: all that data ever says of a person
    Column("name", String(80), nullable=False),
    Column("name_key", String(120), nullable=False, unique=True),  # folded: `Ann` and `ann` are one
    Column("password_hash", Text, nullable=False),  # argon2; empty for --single-user
    Column("role", String(12), nullable=False),  # admin or annotator
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
    Column(
        "cursor", Integer, nullable=False, server_default="0"
    ),  # a number of the pool; what lies before it was looked through
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("role", String(12), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column(
        "annotator_id", String(36), ForeignKey("annotators.id", ondelete="CASCADE")
    ),  # whose password it sets anew; NULL: whoever comes is new
    Column("note", String(80), nullable=False, server_default=""),
)

logins = Table(
    "logins",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("annotator_id", String(36), ForeignKey("annotators.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index("ix_logins_annotator_id", "annotator_id"),
)

failed_logins = Table(
    "failed_logins",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name_key", String(120), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_failed_logins_name_key_at", "name_key", "at"),
    Index("ix_failed_logins_address_at", "address", "at"),
)

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),  # Item.id
    Column("number", Integer, nullable=False),  # place in the pool, from 0; -1 for gold items
    Column("kind", String(12), nullable=False),
    Column("session", Text, nullable=False),
    Column("setting", String(80), nullable=False),
    Column("source", Text, nullable=False),
    Column("record", Text, nullable=False),  # the whole Item, JSON
    Column("parts", Integer, nullable=False),  # candidates of proposals; 0 for the other kinds
    Column("gold", Boolean, nullable=False),
    Column(
        "priority", Float
    ),  # uniform draw, or uncertainty / uniform draw; larger = earlier. NULL: not in order yet
    Column("weight", Float),  # the uncertainty, where that orders the pool
    Index("ix_items_number", "number"),
    Index("ix_items_kind", "kind"),
)

slots = Table(
    "slots",
    metadata,
    # One place for one annotator at one item. An item of the pool has as many as the overlap, made with it: the overlap
    # cannot be exceeded. Gold items and repeats get a slot of their own when they are given to somebody.
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # the item's; -1 for slots made for one annotator
    Column("state", String(8), nullable=False),  # open, leased, returned (left without an answer), answered
    Column("annotator_id", String(36), ForeignKey("annotators.id")),
    Column("repeat", Boolean, nullable=False),
    Column("leased_at", Utc),
    Column("leased_until", Utc),
    UniqueConstraint("item_id", "annotator_id", "repeat"),
    Index("ix_slots_state_number", "state", "number"),
    Index("ix_slots_number", "number"),
    Index(
        "uq_slots_one_lease",
        "annotator_id",
        unique=True,
        sqlite_where=text("state = 'leased'"),
        postgresql_where=text("state = 'leased'"),
    ),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "slot_id", Integer
    ),  # no foreign key: a slot made for one annotator may go, what was answered stays
    Column("item_id", Integer, ForeignKey("items.id"), nullable=False),
    Column("annotator_id", String(36), ForeignKey("annotators.id"), nullable=False),
    Column("answer", Text),  # JSON; NULL: skipped
    Column("skipped", Text, nullable=False, server_default=""),
    Column("comment", Text, nullable=False, server_default=""),
    Column("seconds", Float, nullable=False),
    Column("shown_order", Text, nullable=False),  # JSON list of places
    Column("repeat", Boolean, nullable=False),
    Column("answered_at", Utc, nullable=False),
    Column("withdrawn_at", Utc),
    Index("ix_answers_item_id", "item_id"),
    Index("ix_answers_annotator_id_answered_at", "annotator_id", "answered_at"),
    Index(
        "uq_answers_one_a_slot",
        "slot_id",
        unique=True,
        sqlite_where=text("withdrawn_at IS NULL AND answer IS NOT NULL"),
        postgresql_where=text("withdrawn_at IS NULL AND answer IS NOT NULL"),
    ),
)

COUNTS = and_(answers.c.answer.is_not(None), answers.c.withdrawn_at.is_(None), ~answers.c.repeat)
"""Of an answer: it is a vote on its item, as `Annotation.counts` says."""

adjudications = Table(
    "adjudications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, ForeignKey("items.id"), nullable=False),
    Column("annotator_id", String(36), ForeignKey("annotators.id"), nullable=False),
    Column("answer", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Utc, nullable=False),
    Index("ix_adjudications_item_id", "item_id"),
)
