"""The doctor: tiny checks of the surroundings, each with its mend. A check that crashes is a failed row."""

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from msgspec import Struct

from actors.config import AgentConfig
from actors.credentials import Credentials, owner_of
from actors.files import write_private

BUILT = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK_SKEW_S = 30
DISK_FULL_BYTES = 100 * 2**20
DISK_LOW_BYTES = 2**30
VENUE_TIMEOUT_S = 3.0


class Finding(Struct, frozen=True):
    """What a check found; `mend` is a sentence, empty when all is well."""

    name: str
    state: Literal["ok", "warn", "fail"]
    text: str
    mend: str = ""


class Patient(Struct, frozen=True):
    """What the checks look at. `now` is the wall clock, UTC."""

    config: AgentConfig
    now: Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the time of the operating system."""
    return datetime.fromtimestamp(time.time(), UTC)


def check_python(_: Patient) -> Finding:
    """Say which Python runs; pip has refused an older one."""
    return Finding("python", "ok", platform.python_version())


def check_platform(_: Patient) -> Finding:
    """The operating system keeps what the journal relies on."""
    if sys.platform == "win32":
        mend = "Windows has neither the file locks nor the signals this program relies on; use Linux, macOS or WSL."
        return Finding("platform", "fail", "Windows", mend)
    return Finding("platform", "ok", f"{platform.system()} {platform.machine()}")


def check_clock(patient: Patient) -> Finding:
    """The clock is not in the past."""
    now = patient.now()
    text = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    if now < BUILT:
        return Finding("clock", "fail", text, "The clock is older than this program; set it (NTP).")
    return Finding("clock", "ok", text)


def check_disk(patient: Patient) -> Finding:
    """The disk has room."""
    place = patient.config.data.absolute()
    free = shutil.disk_usage(next(one for one in (place, *place.parents) if one.exists())).free
    text = f"{free / 2**30:.0f} GiB free" if free >= DISK_LOW_BYTES else f"{free / 2**20:.0f} MiB free"
    if free < DISK_FULL_BYTES:
        return Finding("disk", "fail", text, "At least 100 MiB are needed; make room or name another --data.")
    if free < DISK_LOW_BYTES:
        return Finding("disk", "warn", text, "The journal only grows; make room soon.")
    return Finding("disk", "ok", text)


def check_data(patient: Patient) -> Finding:
    """The data directory takes files."""
    data = patient.config.data
    probe = data / f".probe-{os.getpid()}"
    try:
        write_private(probe, "probe\n")
        probe.unlink()
    except OSError as error:
        mend = f"{error.strerror or error}; check its owner and rights, or name another directory with --data."
        return Finding("data", "fail", str(data), mend)
    return Finding("data", "ok", str(data))


def check_journal(patient: Patient) -> Finding:
    """The journal opens, and its newest row is not from the future."""
    from actors.journal import JournalError, JournalMissing, Reader  # noqa: PLC0415  peewee is slow to load

    try:
        with Reader.open(patient.config.journal_path) as reader:
            seq = reader.head().seq
            newest = max((row.at_micros for row in reader.rows(after_seq=seq - 1)), default=0)
    except JournalMissing:
        return Finding("journal", "ok", "new")
    except JournalError as error:
        return Finding("journal", "fail", "not usable", str(error))
    if newest / 1_000_000 > patient.now().timestamp() + CLOCK_SKEW_S:
        return Finding("journal", "warn", f"chain {seq}", "Its newest row is from the future; check the clock (NTP).")
    return Finding("journal", "ok", f"WAL, FULL, chain {seq}")


def check_config(patient: Patient) -> Finding:
    """The configuration makes sense; it was loaded already, so it does. Nobody should rely on what is not there yet."""
    config = patient.config
    none = "no strategy: nothing is wagered" if config.live else "default strategies"
    text = f"{config.mode}, {f'{len(config.strategy)} strategies' if config.strategy else none}"
    if config.alerts.urls:
        mend = "This version sends no alerts; have the log watched, or `status`, and leave alerts.urls out."
        return Finding("config", "warn", "alerts.urls has no effect", mend)
    return Finding("config", "ok", text)


def check_keys(patient: Patient) -> Finding:
    """Real money needs the key of every service that is on; paper makes its own."""
    config = patient.config
    credentials = Credentials.load(config.data, config.keys)
    names = ", ".join(credentials.services())
    missing = sorted({owner_of(one) for one in _services(patient) if credentials.get(one) is None})
    if config.live and missing:
        first = missing[0]
        mend = f"Set STAKEKEEPER_{first.upper()}_KEY, or run: python run.py register {first} --live."
        return Finding("keys", "fail", f"none for {', '.join(missing)}", mend)
    return Finding("keys", "ok", names or "none needed")


def _services(patient: Patient) -> frozenset[str]:
    from actors.site import services_of  # noqa: PLC0415  as the journal

    return services_of(patient.config, Credentials.load(patient.config.data, patient.config.keys))


Check = Callable[[Patient], Finding]


def _check_of(service: str) -> Check:
    """Return the check of one service's venue: it answers, and its clock agrees with ours."""

    def check(patient: Patient) -> Finding:
        venue = patient.config.venue
        url: str | None = getattr(venue, service) or venue.casino  # a venue on this machine has all services
        if ("trading" if service == "exchange" else service) not in _services(patient):
            return Finding(service, "ok", "off")
        if url is None:
            return Finding(service, "ok", "built in, starts with the agent")
        return _look_at(service, "/".join(url.split("/")[:3]), patient.now)

    check.__name__ = f"check_{service}"
    return check


def _look_at(service: str, host: str, now: Callable[[], datetime]) -> Finding:
    from actors.venue.errors import VenueError  # noqa: PLC0415  a tenth of a second
    from actors.venue.http import ask_openly  # noqa: PLC0415

    try:
        answer = ask_openly(host, "GET", "/health", timeout_s=VENUE_TIMEOUT_S)
    except VenueError as error:
        return Finding(service, "fail", host, f"The agent {error}; check the network and venue.{service}.")
    if answer.status >= 500:
        return Finding(service, "warn", f"{host} answers {answer.status}", "The venue is in trouble; wait.")
    sent = answer.headers.get("date")
    skew = abs((parsedate_to_datetime(sent) - now()).total_seconds()) if sent else 0
    if skew > CLOCK_SKEW_S:
        return Finding(service, "warn", host, f"Its clock and ours are {skew:.0f} s apart; check ours (NTP).")
    return Finding(service, "ok", host)


LOCAL_CHECKS: tuple[Check, ...] = (
    check_python,
    check_platform,
    check_clock,
    check_disk,
    check_data,
    check_journal,
    check_config,
    check_keys,
)
"""What can be looked at without a network, in some milliseconds."""

VENUE_CHECKS = tuple(map(_check_of, ("casino", "escrow", "faucet", "trading", "exchange", "wallet", "domains")))
"""Whoever has an address of its own; `exchange` is the one behind trading, and referral lives on the casino."""


def examine(
    config: AgentConfig,
    *,
    checks: Sequence[Check] = (*LOCAL_CHECKS, *VENUE_CHECKS),
    now: Callable[[], datetime] = wall_clock,
) -> list[Finding]:
    """Carry out checks, in order. Blocks: each service that is on is asked for up to 3 seconds.

    Args:
        config: what the agent would be started with.
        checks: each named after what it looks at.
        now: the wall clock.
    """
    patient = Patient(config, now)
    return [_contained(check, patient) for check in checks]


def is_well(findings: Sequence[Finding]) -> bool:
    """Return whether nothing has failed."""
    return all(finding.state != "fail" for finding in findings)


def one_line(findings: Sequence[Finding]) -> str:
    """Return findings as one line: what is well in short, what is not with its mend."""
    return " | ".join(_short(one) for one in findings)


def _short(finding: Finding) -> str:
    name, text = finding.name, finding.text
    if finding.state != "ok":
        return f"{name} {finding.state.upper()}: {text}. {finding.mend}"
    return {"disk": f"disk {text.removesuffix(' free')} ok", "journal": f"journal ok ({text})"}.get(name, f"{name} ok")


def _contained(check: Check, patient: Patient) -> Finding:
    try:
        return check(patient)
    except Exception as error:  # noqa: BLE001  a check that crashes is a failed row
        name = check.__name__.removeprefix("check_")
        return Finding(name, "fail", f"{type(error).__name__}: {error}", "The check itself failed; see its text.")
