"""The exchange's public reads: `POST /exchange/info`, one door for every type of question."""

import json
from collections.abc import Callable
from typing import Any

from actors.sandbox.books import Row
from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import InjectedFaultError, refuse
from actors.sandbox.exchange import wire
from actors.sandbox.exchange.valuation import Account

INFO = "/exchange/info"
MAX_ROWS, MAX_FUNDINGS = 2_000, 500  # of a list in one answer
WEIGHT_PER_MINUTE = 1_200  # from one address
LIGHT, LIGHT_WEIGHT, WEIGHT = ("allMids", "l2Book", "clearinghouseState", "orderStatus"), 2, 20
FOREVER_MS = 2**62
FILLS = "SELECT * FROM exchange_fills WHERE address = ? AND time_ms >= ? AND time_ms <= ? ORDER BY time_ms, tid LIMIT ?"
NEWEST_FILLS = "SELECT * FROM exchange_fills WHERE address = ? ORDER BY time_ms DESC, tid DESC LIMIT ?"
UPDATES = """
SELECT * FROM exchange_updates WHERE address = ? AND (kind = 'funding') = ? AND time_ms >= ? AND time_ms <= ?
ORDER BY time_ms, row LIMIT ?"""


def newest_fills(venue: Venue, address: str) -> list[Row]:
    """An address's fills, newest first."""
    return venue.books.all(NEWEST_FILLS, address, MAX_ROWS)


def _all_mids(venue: Venue, asked: Body) -> Any:
    return venue.market.prices(_dex(asked))


def _meta(venue: Venue, asked: Body) -> Any:
    return {
        "universe": [
            {"name": listed.coin, "szDecimals": listed.size_decimals, "maxLeverage": listed.max_leverage}
            for listed in venue.market.listings.values()
            if listed.dex == _dex(asked)
        ]
    }


def _state(venue: Venue, asked: Body) -> Any:
    # All cash is in the exchange's own part; each part tells of its own positions.
    account, dex = venue.exchange.account(_user(asked)), _dex(asked)
    positions = tuple(held for held in account.positions if venue.market.listings[held.coin].dex == dex)
    part = Account(0 if dex else account.cash_micro, positions)
    return wire.account_json(part, venue.exchange.now_ms())


def _fills(venue: Venue, asked: Body) -> Any:
    return [wire.fill_json(fill) for fill in newest_fills(venue, _user(asked))]


def _fills_by_time(venue: Venue, asked: Body) -> Any:
    return [wire.fill_json(fill) for fill in venue.books.all(FILLS, _user(asked), *_span(asked), MAX_ROWS)]


def _funding(venue: Venue, asked: Body) -> Any:
    return [wire.update_json(row) for row in venue.books.all(UPDATES, _user(asked), True, *_span(asked), MAX_FUNDINGS)]


def _other_updates(venue: Venue, asked: Body) -> Any:
    return [wire.update_json(row) for row in venue.books.all(UPDATES, _user(asked), False, *_span(asked), MAX_ROWS)]


def _order_status(venue: Venue, asked: Body) -> Any:
    wanted = "SELECT * FROM exchange_fills WHERE address = ? AND oid = ?"
    fill = venue.books.one(wanted, _user(asked), asked["oid"] if isinstance(asked.get("oid"), int) else -1)
    if fill is None:
        return {"status": "unknownOid"}
    told = wire.order_json(fill)
    told["order"] |= {"orderType": "Limit", "tif": "Ioc", "reduceOnly": False, "cloid": None}
    return {"status": "order", "order": told}


def _book(venue: Venue, asked: Body) -> Any:
    listing = venue.market.listings.get(str(asked.get("coin")))
    if listing is None:
        raise _unreadable()
    return wire.book_json(listing, venue.market.price(listing.coin), venue.exchange.now_ms())


ANSWERS: dict[str, Callable[[Venue, Body], Any]] = {
    "allMids": _all_mids,
    "meta": _meta,
    "clearinghouseState": _state,
    "openOrders": lambda _venue, _asked: [],  # nothing ever rests
    "userFills": _fills,
    "userFillsByTime": _fills_by_time,
    "userFunding": _funding,
    "userNonFundingLedgerUpdates": _other_updates,
    "orderStatus": _order_status,
    "l2Book": _book,
}


def _user(asked: Body) -> str:
    user = asked.get("user")
    if not isinstance(user, str):
        raise _unreadable()
    return user.lower()


def _dex(asked: Body) -> str:
    return str(asked.get("dex") or "")


def _span(asked: Body) -> tuple[int, int]:
    start, end = asked.get("startTime"), asked.get("endTime", FOREVER_MS)
    if not isinstance(start, int) or not isinstance(end, int):
        raise _unreadable()
    return start, end


def _unreadable() -> Exception:
    return refuse(422, "unprocessable", "Failed to deserialize the JSON body into the target type")


def _info(venue: Venue, call: Call) -> str:
    kind = str(call.body.get("type"))
    venue.limiter.by_ip(INFO, call.ip, WEIGHT_PER_MINUTE, LIGHT_WEIGHT if kind in LIGHT else WEIGHT)
    if venue.faults.strikes("upstream", INFO):
        raise InjectedFaultError("the exchange is down")
    answer = ANSWERS.get(kind)
    if answer is None:
        raise _unreadable()
    venue.exchange.fund()
    return json.dumps(answer(venue, call.body), separators=(",", ":"))


DOORS = [Door("POST", INFO, _info, reads="strict", media="application/json")]
