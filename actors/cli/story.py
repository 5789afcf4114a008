"""The story of one intent: each of its journal rows as sentences, with times and numbers."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from actors.money.amounts import usd

if TYPE_CHECKING:
    from actors.journal import Reader, Row

MICRO = "_micro"
PLACES = 6


def stories(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a story; see `steps`."""
    return [line for row in rows for line in _told(row)]


def steps(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Return the journal's rows as plain values, the payload unpacked.

    Args:
        rows: `actors.journal.Row`s of one intent, in order.
    """
    for row in rows:
        yield {
            "seq": row.seq,
            "epoch": row.epoch,
            "at": _time(row.at_micros),
            "kind": row.kind,
            "venue_ref": row.venue_ref,
            "event": json.loads(row.payload),
        }


def fairness(reader: "Reader", rows: Sequence["Row"]) -> str:
    """Return how far the proof of an intent's bet is: "checked", "not yet revealed", "BROKEN", or "" without a bet."""
    closed = next((row for row in rows if row.kind == "intent_closed"), None)
    bet = json.loads(closed.payload) if closed else {}
    if closed is None or bet.get("nonce", -1) < 0:
        return ""
    if any(row.kind == "incident_noted" and json.loads(row.payload)["name"] == "broken_proof" for row in rows):
        return "BROKEN"
    checks = (json.loads(row.payload) for row in reader.rows(closed.seq) if row.kind == "seed_checked")
    check = next((check for check in checks if check["seed_hash"] == bet["seed_hash"]), None)
    broken = check is not None and bet["intent"] in check["broken"]
    return "BROKEN" if broken else "checked" if check else "not yet revealed"


def _told(step: Mapping[str, Any]) -> Iterator[str]:
    event: Mapping[str, Any] = step["event"]
    tell = {"intent_opened": _opened, "intent_closed": _closed}.get(step["kind"])
    sentences = tell(event) if tell else _plain(step["kind"], event)
    moment = f"{step['at']}  #{step['seq']:<6}"
    for sentence in sentences:
        yield f"{moment}{sentence}"
        moment = " " * len(moment)
    for account, source, target, amount in event.get("postings", ()):
        yield f"{' ' * len(moment)}  {account}: {usd(amount, PLACES)} USD from {source} to {target}"


def _opened(event: Mapping[str, Any]) -> Iterator[str]:
    params = " ".join(str(value) for value in event.get("params", {}).values())
    stake = f", stake {usd(event['stake_micro'], PLACES)} USD" if event["stake_micro"] else ""
    yield f"OPENED  {event['kind']} {event['subject']} {params}".rstrip() + f" for lane {event['lane']}{stake}"
    if event.get("probability"):
        sized = "no edge: from the entertainment budget" if event.get("fun") else f"Kelly {_percent(event['kelly'])}"
        yield f"  wins with {_percent(event['probability'])}, pays {event['multiplier']} times the stake; {sized}"
    yield f"  on disk first (epoch {event['epoch']}); from now on {event['path']} may be sent, once"
    yield f"  tag {event['tag']}"
    yield f"  to be sent by {_time(event['send_by'])}, may arrive until {_time(event['quiet_until'])}"
    yield f"  the account stood at {usd(event['balance_micro'], PLACES)} USD, {event['nonces']} bets"


def _closed(event: Mapping[str, Any]) -> Iterator[str]:
    words = {
        "executed": "the venue did it",
        "refused": "the venue refused, nothing happened",
        "not_sent": "it never left this machine",
        "void": "the venue provably never did it",
        "incomplete": "the venue took the stake and shows no bet: a person must look",
    }
    yield f"CLOSED  {event['outcome']}: {words.get(event['outcome'], '')} ({event['reason']}), known by {event['by']}"
    if event.get("won") is not None:
        result = "won" if event["won"] else "lost"
        yield f"  {result}, the venue paid {usd(event['payout_micro'], PLACES)} USD, as {event['venue_ref']}"
    if event.get("seed_hash"):
        yield f"  fairness: nonce {event['nonce']}, seed {event['seed_hash']}, result {event['result_hash']}"


_SENTENCES = {
    "outcome_unknown": "UNKNOWN  {reason}: the lane is blocked until the venue has been asked",
    "looked_up": "LOOKED UP  not found among {rows} rows after the quiet period; balance {balance} USD, {nonces} bets",
    "suspense_resolved": "RESOLVED by an operator as {verdict}, with {payout} USD paid: {because}",
    "stray_booked": "STRAY  a {kind} bet {venue_ref} of {stake} USD, which paid {payout} USD, was booked",
    "lane_failed": "ERROR  the lane {lane} waits for an operator: {reason}",
    "lane_cleared": "GOES ON  the lane {lane}, by an operator: {because}",
    "incident_noted": "INCIDENT  {name}: {text}",
}
"""What is told of an event by its fields; those in micro-USD are written in USD."""


def _plain(kind: str, event: Mapping[str, Any]) -> Iterator[str]:
    amounts = {key.removesuffix(MICRO): usd(value, PLACES) for key, value in event.items() if key.endswith(MICRO)}
    if kind in _SENTENCES:
        yield _SENTENCES[kind].format(**{**event, **amounts})
    else:
        yield ", ".join(f"{key} {value}" for key, value in event.items() if key not in ("at", "postings", "intent"))


def _percent(share: str) -> str:
    return f"{Decimal(share) * 100:.2f}%"


def _time(micros: int) -> str:
    moment = datetime.fromtimestamp(micros / 1_000_000, UTC)
    return moment.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "")
