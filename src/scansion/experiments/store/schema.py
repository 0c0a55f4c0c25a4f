"""The database's tables, as a list of functions that are applied in order, and how it is opened.

`PRAGMA user_version` counts the migrations that a file has seen. Write-ahead logging with `synchronous=NORMAL`: a
commit survives the death of the process; the last ones may be lost only if the machine itself goes down.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from scansion.errors import InputError

__all__ = ["MIGRATIONS", "connect"]

_TABLES = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL,
    created REAL NOT NULL,
    run INTEGER,
    variant INTEGER,
    judge INTEGER NOT NULL DEFAULT 0,
    cost REAL
);
CREATE INDEX calls_by_run ON calls (run, variant, judge, cost);
CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    truncated INTEGER NOT NULL DEFAULT 0,
    cluster INTEGER NOT NULL DEFAULT 0,
    calls BLOB NOT NULL DEFAULT x'',
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost REAL,
    latency REAL NOT NULL DEFAULT 0,
    served TEXT NOT NULL DEFAULT '',
    made REAL NOT NULL DEFAULT 0,
    output BLOB
);
CREATE TABLE scorers (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE);
CREATE TABLE scores (
    outcome INTEGER NOT NULL,
    scorer INTEGER NOT NULL,
    example INTEGER NOT NULL,
    state INTEGER NOT NULL,
    value REAL,
    reason TEXT NOT NULL DEFAULT '',
    detail BLOB,
    judge_calls INTEGER NOT NULL DEFAULT 0,
    judge_cost REAL DEFAULT 0,
    PRIMARY KEY (outcome, scorer, example)
) WITHOUT ROWID;
CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE
);
CREATE TABLE rows (
    dataset INTEGER NOT NULL,
    row INTEGER NOT NULL,
    id TEXT NOT NULL,
    line INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    cluster INTEGER NOT NULL,
    weight REAL NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (dataset, row)
) WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    plan_digest BLOB NOT NULL,
    plan BLOB NOT NULL,
    context BLOB NOT NULL,
    dataset INTEGER,
    created REAL NOT NULL,
    finished REAL,
    planned INTEGER,
    calls INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    usd REAL NOT NULL DEFAULT 0,
    result BLOB
);
CREATE INDEX runs_by_plan ON runs (plan_digest);
CREATE TABLE members (
    run INTEGER NOT NULL,
    variant INTEGER NOT NULL,
    row INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    PRIMARY KEY (run, variant, row, trial)
) WITHOUT ROWID;
CREATE TABLE workers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    beat REAL NOT NULL,
    seen INTEGER NOT NULL
);
CREATE TABLE claims (key BLOB PRIMARY KEY, worker INTEGER NOT NULL) WITHOUT ROWID;
"""


def _first_tables(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        if statement.strip():
            db.execute(statement)


def _annotations(db: sqlite3.Connection) -> None:
    """What people said, an act a row; nobody may change it afterwards."""
    db.execute(
        "CREATE TABLE annotations (id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, author TEXT NOT NULL, "
        "kind TEXT NOT NULL, value TEXT NOT NULL, run INTEGER NOT NULL, variant TEXT NOT NULL, outcome BLOB NOT NULL, "
        "dataset INTEGER NOT NULL, row INTEGER NOT NULL, example TEXT NOT NULL, inputs BLOB NOT NULL)"
    )
    db.execute("CREATE INDEX annotations_by_outcome ON annotations (outcome, kind, author)")
    db.execute("CREATE INDEX annotations_by_inputs ON annotations (inputs, kind)")
    db.execute("CREATE INDEX annotations_by_kind ON annotations (kind, author, outcome)")
    for act in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER annotations_no_{act.lower()} BEFORE {act} ON annotations "
            "BEGIN SELECT RAISE(ABORT, 'annotations are only ever added'); END"
        )


def _looks(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE looks (run INTEGER PRIMARY KEY, path TEXT NOT NULL, fingerprint TEXT NOT NULL, "
        "split TEXT NOT NULL, created REAL NOT NULL)"
    )


def _orders(db: sqlite3.Connection) -> None:
    """The rows that a run which stops when decided has looked at, with the place of their unit in its order."""
    db.execute(
        "CREATE TABLE looked (run INTEGER NOT NULL, row INTEGER NOT NULL, place INTEGER NOT NULL, "
        "PRIMARY KEY (run, row)) WITHOUT ROWID"
    )


def _pools(db: sqlite3.Connection) -> None:
    """The calls that a variant's outcomes rest on besides those of their traces: keys one after another."""
    db.execute(
        "CREATE TABLE pools (variant BLOB NOT NULL, mark BLOB NOT NULL, calls BLOB NOT NULL, "
        "PRIMARY KEY (variant, mark)) WITHOUT ROWID"
    )


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_first_tables, _annotations, _looks, _orders, _pools]
"""What brings a database up to date, in order. A new one is added at the end; those that stand there never change."""


def connect(path: Path) -> sqlite3.Connection:
    """An open database at `path`, created or migrated as needed.

    Raises InputError if the file is no such database, or was made by a newer Scansion.
    """
    db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA wal_autocheckpoint=4000")
        db.execute("PRAGMA cache_size=-8000")
        _migrate(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        raise InputError(f"{path}: not a usable lab ({error}); name another folder with --lab") from None
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    if _version(db) == len(MIGRATIONS):
        return
    if _version(db) > len(MIGRATIONS):
        raise InputError(f"{path}: made by a newer Scansion; upgrade this one, or name another folder with --lab")
    db.execute("BEGIN IMMEDIATE")  # two processes may open a new lab at once: the second finds the work done
    try:
        for migrate in MIGRATIONS[_version(db) :]:
            migrate(db)
        db.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
