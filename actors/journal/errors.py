"""What can be wrong with a journal. Each message is one sentence with the mend."""

# ruff: noqa: N818 - the names say the state of the journal, which is what a reader of a traceback wants


class JournalError(Exception):
    """Base of every error of the journal.

    Attributes:
        exit_code: what a command ends with: 3, a restart does not help; 70, it may; 2, wrong place or order of doing.
    """

    exit_code = 3


class JournalMissing(JournalError):
    """A reader found no journal at the path."""

    exit_code = 2


class JournalOwned(JournalError):
    """Another writer, in this process or another, holds the journal's file lock."""


class JournalNewer(JournalError):
    """The file was written by a newer version of this program; nothing was changed."""


class JournalOlder(JournalError):
    """A reader, which never writes, met a file that a writer has yet to migrate."""

    exit_code = 2


class JournalForeign(JournalError):
    """The file belongs to another agent or venue account, or is no journal at all; nothing was changed."""


class JournalCorrupt(JournalError):
    """The file's pages, its hash chain, its snapshot or its head file contradict each other."""


class JournalBusy(JournalError):
    """Another program kept the write lock beyond the busy timeout; nothing was written, try again later."""

    exit_code = 70


class JournalBroken(JournalError):
    """The disk or the file failed under the writer.

    Fatal: what was not acknowledged may or may not be on disk, and no retry can tell. Close the journal and
    open it again (a new process is best); replay shows what became durable.
    """

    exit_code = 70


class JournalFull(JournalBroken):
    """The disk has no room, not even with the ballast; nothing was written."""


class EpochLost(JournalError):
    """A newer owner has taken the journal over. Fatal: nothing was written and nothing ever will be."""
