"""What nobody should do to a journal: changes behind its back, by a tool that is not ours."""

import sqlite3
from contextlib import closing


def raw(path):
    """Return a context with an ordinary connection, in autocommit."""
    return closing(sqlite3.connect(path, isolation_level=None))


def tamper(path, *statements):
    """Run the statements with the triggers out of the way, and put the triggers back."""
    with raw(path) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


def flip_bit(path, text):
    """Flip the lowest bit of the first byte of ``text`` where it stands in the file itself."""
    content = bytearray(path.read_bytes())
    content[content.index(text)] ^= 1
    path.write_bytes(content)
