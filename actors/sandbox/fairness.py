"""Server seeds: committed by hash, used by nonce, shown after rotation."""

import hashlib
import json
from typing import Any

from actors.sandbox.books import Books, Row, iso
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import refuse
from actors.sandbox.figures import number_field
from actors.sandbox.odds import result_hash, roll_of

DRAWS_PER_SEED = 1000  # the seed is shown and replaced after the draw with nonce 999
HIDDEN_IN_AUDIT = "[hidden until rotation]"
HIDDEN_IN_LIST = "[active]"
HOW_TO_VERIFY = [
    "sha256 of the server seed's text is the hash that was committed to.",
    "HMAC-SHA256 with that text as key, over client_seed:nonce, is the result hash.",
    "Its first 8 hex digits modulo 10000, divided by 100, are the roll.",
    "The game's rule turns the roll into the outcome.",
]


def active_seed(venue: Venue, agent_id: str) -> Row:
    """The account's seed in use; a new one is made and committed to when there is none."""
    seed = _current(venue.books, agent_id)
    if seed is None:
        _make_seed(venue, agent_id)
        seed = _current(venue.books, agent_id)
    if seed is None:
        raise LookupError(agent_id)
    return seed


def take_nonce(venue: Venue, agent_id: str) -> Row:
    """Use up one nonce, in one commit; the row shows the nonce that is now the caller's."""
    with venue.books.transaction():
        seed = active_seed(venue, agent_id)
        venue.books.run("UPDATE seeds SET nonce = nonce + 1 WHERE id = ?", seed["id"])
        if seed["nonce"] + 1 >= DRAWS_PER_SEED:
            _reveal(venue.books, seed)
            _make_seed(venue, agent_id)
    return seed


def _current(books: Books, agent_id: str) -> Row | None:
    return books.one(
        "SELECT * FROM seeds WHERE agent_id = ? AND revealed_at IS NULL ORDER BY id DESC LIMIT 1", agent_id
    )


def _make_seed(venue: Venue, agent_id: str) -> None:
    # from the venue's seed and the order of accounts, not from random ids: the same play comes out the same again
    place = venue.books.only(
        "SELECT agents.rowid AS account, count(seeds.id) AS used FROM agents"
        " LEFT JOIN seeds ON seeds.agent_id = agents.id WHERE agents.id = ?",
        agent_id,
    )
    text = hashlib.sha256(f"{venue.seed}/{place['account']}/{place['used']}".encode()).hexdigest()
    venue.books.run(
        "INSERT INTO seeds (agent_id, seed, seed_hash, created_at) VALUES (?, ?, ?, ?)",
        agent_id,
        text,
        hashlib.sha256(text.encode()).hexdigest(),
        venue.books.second(),
    )


def _reveal(books: Books, seed: Row) -> None:
    books.run("UPDATE seeds SET revealed_at = ? WHERE id = ?", books.second(), seed["id"])


def _seed_hash(venue: Venue, call: Call) -> Body:
    return {
        "server_seed_hash": active_seed(venue, call.agent_id)["seed_hash"],
        "note": "Keep this hash; the seed behind it is shown after rotation.",
        "how_to_verify": HOW_TO_VERIFY,
    }


def _rotate(venue: Venue, call: Call) -> Body:
    with venue.books.transaction():
        old = _current(venue.books, call.agent_id)
        if old is None:
            return {"message": "There is no seed in use yet."}
        _reveal(venue.books, old)
        _make_seed(venue, call.agent_id)
    return {
        "message": "The seed is shown and a new one committed to.",
        "previous_seed": {
            "seed": old["seed"],
            "seed_hash": old["seed_hash"],
            "bets_made": old["nonce"],
            "note": "Every bet under it can now be recomputed.",
        },
        "new_seed_hash": active_seed(venue, call.agent_id)["seed_hash"],
    }


def _seeds(venue: Venue, call: Call) -> Body:
    rows = venue.books.all("SELECT * FROM seeds WHERE agent_id = ? ORDER BY id", call.agent_id)
    return {
        "seeds": [
            {
                "id": row["id"],
                "seed_hash": row["seed_hash"],
                "seed": row["seed"] if row["revealed_at"] else HIDDEN_IN_LIST,
                "active": row["revealed_at"] is None,
                "bets_made": row["nonce"],
                "revealed_at": iso(row["revealed_at"]),
                "created_at": iso(row["created_at"]),
            }
            for row in rows
        ]
    }


BET_WITH_SEED = (
    "SELECT bets.*, seeds.seed, seeds.seed_hash, seeds.revealed_at"
    " FROM bets JOIN seeds ON seeds.id = bets.seed_id WHERE bets.id = ?"
)


def _audit(venue: Venue, call: Call) -> Body:
    bet = venue.books.one(BET_WITH_SEED, call.names["bet_id"])
    if bet is None:
        raise refuse(404, "bet_not_found")
    if bet["agent_id"] != call.agent_id:
        raise refuse(403, "forbidden", "This bet belongs to somebody else.")
    return {
        "bet_id": bet["id"],
        "game": bet["game"],
        "amount": bet["amount"],
        "payout_multiplier": bet["multiplier"],
        "won": bool(bet["won"]),
        "amount_won": bet["amount_won"],
        "result": json.loads(bet["result"]),
        "fairness": {
            **_proof(bet),
            "server_seed": bet["seed"] if bet["revealed_at"] else HIDDEN_IN_AUDIT,
            "seed_revealed": bet["revealed_at"] is not None,
            "seed_revealed_at": iso(bet["revealed_at"]),
        },
        "timestamp": iso(bet["created_at"]),
    }


def _proof(bet: Row) -> dict[str, Any]:
    return {
        "server_seed_hash": bet["seed_hash"],
        "client_seed": bet["client_seed"],
        "nonce": bet["nonce"],
        "result_hash": bet["result_hash"],
    }


def _verify(venue: Venue, call: Call) -> Body:
    if call.body.get("bet_id"):
        return _verify_bet(venue, call)
    return _verify_by_hand(call.body)


def _verify_bet(venue: Venue, call: Call) -> Body:
    bet = venue.books.one(BET_WITH_SEED, str(call.body["bet_id"]))
    if bet is None or bet["agent_id"] != call.agent_id:
        raise refuse(404, "bet_not_found", "This account has no such bet.")
    if bet["revealed_at"] is None:
        return {
            "bet_id": bet["id"],
            "status": "seed_not_yet_revealed",
            **_proof(bet),
            "message": "The seed of this bet is still in use.",
            "note": "Rotate, then ask again.",
        }
    digest = result_hash(bet["seed"], bet["client_seed"], bet["nonce"])
    matches = hashlib.sha256(bet["seed"].encode()).hexdigest() == bet["seed_hash"]
    return {
        "bet_id": bet["id"],
        "verified": matches,
        "game": bet["game"],
        "result": json.loads(bet["result"]),
        "won": bool(bet["won"]),
        "amount_bet": bet["amount"],
        "amount_won": bet["amount_won"],
        "proof": {
            **_proof(bet),
            "server_seed": bet["seed"],
            "computed_result": roll_of(digest),
            "hash_matches": matches,
        },
        "how_to_verify_yourself": HOW_TO_VERIFY,
    }


def _verify_by_hand(body: Body) -> Body:
    seed, seed_hash, client_seed = (body.get(k) for k in ("server_seed", "server_seed_hash", "client_seed"))
    nonce = number_field(body, "nonce")
    if not (isinstance(seed, str) and isinstance(seed_hash, str) and isinstance(client_seed, str) and nonce >= 0):
        raise refuse(400, "missing_params", "Send bet_id, or server_seed, server_seed_hash, client_seed and nonce.")
    digest = result_hash(seed, client_seed, int(nonce))
    matches = hashlib.sha256(seed.encode()).hexdigest() == seed_hash
    return {"verified": matches, "hash_matches": matches, "computed_result": roll_of(digest), "result_hash": digest}


ROOT = "/api/v1/fairness"
DOORS = [
    Door("GET", f"{ROOT}/seed-hash", _seed_hash, auth="casino"),
    Door("POST", f"{ROOT}/rotate", _rotate, auth="casino"),
    Door("GET", f"{ROOT}/seeds", _seeds, auth="casino"),
    Door("GET", ROOT + "/audit/{bet_id}", _audit, auth="casino"),
    Door("POST", f"{ROOT}/verify", _verify, auth="casino", reads="strict"),
]
