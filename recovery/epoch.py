"""Whether this is the history of the database that a phone has written to. After a restore to an earlier time it is
another one: what was answered since is lost here, and the phones still have it.

PostgreSQL begins a new timeline whenever it ends a restore, or a standby takes over, so nobody has to remember to say
so; a copy in another cluster or database counts as another history as well. It cannot change while a connection lives,
so it is asked once for each, and costs no request a statement.
"""

import logging
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

log = logging.getLogger(__name__)

_ASK = """
    SELECT left(encode(sha256(convert_to(concat_ws(':',
               (SELECT system_identifier FROM pg_control_system()),
               left(pg_walfile_name(pg_current_wal_lsn()), 8),
               (SELECT oid FROM pg_database WHERE datname = current_database())), 'UTF8')), 'hex'), 16)
"""

_known: WeakKeyDictionary[psycopg.Connection[Any], str] = WeakKeyDictionary()


def current() -> str:
    """A word for it; empty where the database was not asked for anything, or cannot say."""
    connection = connections[DEFAULT_DB_ALIAS].connection
    if connection is None or connection.closed:
        return ""
    known = _known.get(connection)
    if known is None:
        try:
            row = connection.execute(_ASK).fetchone()
        except psycopg.Error as error:
            log.warning("the database did not say which history it is of: %s", type(error).__name__)
            return ""
        known = _known[connection] = str(row[0])
    return known
