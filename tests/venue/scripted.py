"""A venue that says what a test wrote down, read by read, and remembers what it was asked."""

import json
from urllib.parse import parse_qs, urlsplit

from tests.venue.raw import RawServer, http

COLUMNS = (
    "bet_id,game,amount_usd,amount_won_usd,net_usd,payout_multiplier,won,server_seed_hash,client_seed,nonce,"
    "result_hash,timestamp_utc"
)


def export(*rows: str) -> str:
    """An export of rows (bet id, tag, second)."""
    made = (row.split() for row in rows)
    lines = (f"{i},dice,1.00,0.00,-1.00,1.99,false,ab,{tag},3,cd,2026-11-22T06:44:{at}.000Z" for i, tag, at in made)
    return "\r\n".join([COLUMNS, *lines])


def seeds(*made: int) -> dict:
    return {"seeds": [{"bets_made": n, "seed_hash": f"hash {n}", "seed": "[active]", "active": True} for n in made]}


def balance(usd: float) -> dict:
    return {"balance_usd": usd}


def history(*reasons: str, at: str = "2026-11-22T06:44:50.000Z") -> dict:
    return {"bankroll_curve": [{"change": -1, "reason": reason, "at": at} for reason in reasons]}


def ledger(rows: int = 2, at: int = 5) -> dict:
    """A ledger of so many rows of one second; the venue shows 50 at most."""
    row = {"id": "1", "type": "debit", "amount": 1, "reason": "reservation", "reference": "bet_1", "createdAt": at}
    return {"entries": [row, row | {"type": "credit", "reference": None}, *[row] * (rows - 2)]}


class ScriptedVenue(RawServer):
    """Answers by path; of several answers to one path the last repeats. (status, body) is an answer with a status."""

    def __init__(self, date: str = "", **answers: list) -> None:
        self._answers = {name: list(bodies) for name, bodies in answers.items()}
        self._date = [f"Date: {date}".encode()] if date else []
        super().__init__(self._act)

    def asked(self) -> list[str]:
        """The last part of each path, in order."""
        return [_last(request) for request in self.requests]

    def query(self, name: str) -> list[dict]:
        """The parameters of each read of a name."""
        paths = [urlsplit(request.split(b" ")[1].decode()) for request in self.requests if _last(request) == name]
        return [{k: v[0] for k, v in parse_qs(path.query).items()} for path in paths]

    def _act(self, line) -> None:
        answers = self._answers[_last(self.requests[-1])]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        http(status, (body if isinstance(body, str) else json.dumps(body)).encode(), *self._date)(line)


def _last(request: bytes) -> str:
    return urlsplit(request.split(b" ")[1].decode()).path.rsplit("/", 1)[-1].replace(".csv", "")
