"""A disk that loses power: what was written and not yet synced survives in part, out of order, or torn.

The files are real ones, so that SQLite reads what it wrote; beside each stands what is durable of it, and the writes
since. When the power goes, each file becomes what a disk might have kept of it.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR = 512  # bytes that a disk writes whole or not at all
CUT = -1  # a truncation, in the place of a write's offset


@dataclass
class Shadow:
    """What is durable of a file, and what was written since: (offset, bytes), or a truncation to a size."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.pending:
            put(self.durable, offset, data)
        self.pending.clear()

    def survivors(self, chance: random.Random) -> list[tuple[int, bytes]]:
        """Return what of the unsynced writes reaches the disk."""
        match chance.choice(["none", "prefix", "some", "torn"]):
            case "none":
                return []
            case "prefix":
                return self.pending[: chance.randint(0, len(self.pending))]
            case "some":
                return [write for write in self.pending if chance.random() < 0.5]
            case _:
                return [part for write in self.pending for part in sectors(*write) if chance.random() < 0.5]


def put(content: bytearray, offset: int, data: bytes) -> None:
    if offset == CUT:
        del content[int.from_bytes(data) :]
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def sectors(offset: int, data: bytes) -> list[tuple[int, bytes]]:
    if offset == CUT:
        return [(offset, data)]
    ends = [*range(SECTOR - offset % SECTOR, len(data), SECTOR), len(data)]
    return [(offset + start, data[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


@dataclass
class Disk:
    """All files, and after how many writes and syncs the power goes."""

    name: str
    left: int
    files: dict[str, Shadow] = field(default_factory=dict)
    strokes: int = 0
    in_checkpoint: bool = False

    def __post_init__(self) -> None:
        self.vfs = Vfs(self)

    def shadow(self, path: str) -> Shadow:
        return self.files.setdefault(path, Shadow())

    def stroke(self, path: str) -> None:
        """Count a write or sync; the one at which the power goes, and every later one, fails."""
        if self.gone(path):
            raise apsw.IOError("the power is gone")

    def gone(self, path: str) -> bool:
        self.strokes += 1
        if self.strokes == self.left:
            self.in_checkpoint = not path.endswith(("-wal", "-journal"))
        return self.strokes >= self.left

    def lose_power(self, chance: random.Random) -> None:
        """Make the files what the disk kept of them."""
        for path, shadow in self.files.items():
            for offset, data in shadow.survivors(chance):
                put(shadow.durable, offset, data)
            Path(path).write_bytes(shadow.durable)
            Path(path + "-shm").unlink(missing_ok=True)


class Vfs(apsw.VFS):
    """SQLite's way to the disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(disk.name, base="")

    def xOpen(self, name, flags):  # noqa: N802
        return File(self._disk, name, flags)

    def xDelete(self, path, sync):  # noqa: N802
        if not self._disk.gone(path):
            self._disk.files.pop(path, None)
            super().xDelete(path, sync)

    def excepthook(self, *_):
        """Say nothing: a power loss is no error of the test."""


class File(apsw.VFSFile):
    """A file of that disk."""

    def __init__(self, disk, name, flags):
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._shadow = disk.shadow(self._path)
        super().__init__("", name, flags)

    def xWrite(self, data, offset):  # noqa: N802
        self._disk.stroke(self._path)
        self._shadow.pending.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802
        self._disk.stroke(self._path)
        self._shadow.pending.append((CUT, size.to_bytes(8)))
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802
        self._disk.stroke(self._path)
        self._shadow.sync()
