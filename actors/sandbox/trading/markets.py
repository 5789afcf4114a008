"""What the trading server says of markets, to everybody."""

from decimal import Decimal

from actors.sandbox.door import Body, Call, Door, Venue
from actors.sandbox.errors import InjectedFaultError, RefusedError, refuse
from actors.sandbox.exchange import wire
from actors.sandbox.market import Listing
from actors.sandbox.trading.prices import V1

LISTED = ("stocks", "commodities", "indices", "forex")  # crypto is only counted
MAX_COINS = 20
DEPTH, MAX_DEPTH = 10, 50
EXAMPLE_USD = 1_000
MAIN = "main"  # what the trading server calls the exchange's own markets


def _listing(venue: Venue, call: Call) -> Listing:
    listing = venue.market.find(call.names["coin"])
    if listing is None:
        raise refuse(404, "market_not_found", "There is no such market.", suggestion=f"GET {V1}/markets lists some.")
    return listing


def _price(venue: Venue, listing: Listing, call: Call) -> float:
    return float(venue.prices.of(listing.coin, call.path))


def _now_ms(venue: Venue) -> int:
    return int(venue.books.now() * 1000)


def _markets(venue: Venue, call: Call) -> Body:
    by_category: dict[str, list[Body]] = {category: [] for category in LISTED}
    for listing in venue.market.listings.values():
        if listing.category in by_category:
            by_category[listing.category].append(
                {
                    "coin": listing.coin,
                    "display_name": listing.ticker,
                    "price": _price(venue, listing, call),
                    "max_leverage": listing.max_leverage,
                    "category": listing.category,
                    "dex": listing.dex or MAIN,
                }
            )
    total, listed = len(venue.market.listings), sum(map(len, by_category.values()))
    categories: Body = {
        category: {"count": len(markets), "markets": markets, "note": "Names of the real world, in play money."}
        for category, markets in by_category.items()
    }
    return {
        "total_markets": total,
        "crypto_markets": total - listed,
        "rwa_markets": listed,
        "categories": {**categories, "crypto": {"count": total - listed, "note": "Ask for one by its name."}},
        "fee_tiers": {"free": "HL fee + 2 bps", "pro": "HL fee + 1 bps", "whale": "HL fee only"},
        "use_cases": dict.fromkeys(
            ("hedging", "commodities_trading", "index_tracking", "forex", "crypto"), "Practice with play money."
        ),
    }


def _multi_price(venue: Venue, call: Call) -> Body:
    names = [name.strip() for name in call.query.get("coins", "").split(",") if name.strip()][:MAX_COINS]
    if not names:
        raise refuse(400, "missing_coins", "Name markets: ?coins=BTC,ETH")
    found = {name: venue.market.find(name) for name in names}
    told: Body = {
        "prices": [
            {
                "coin": listing.coin,
                "ticker": listing.ticker,
                "price": _price(venue, listing, call),
                "category": listing.category,
                "max_leverage": listing.max_leverage,
            }
            for listing in found.values()
            if listing
        ],
    }
    missing = [name for name, listing in found.items() if listing is None]
    if missing:
        told["not_found"] = missing
    return {**told, "count": len(told["prices"]), "timestamp": _now_ms(venue)}


def _market(venue: Venue, call: Call) -> Body:
    listing = _listing(venue, call)
    return {
        "coin": listing.coin,
        "ticker": listing.ticker,
        "price": _price(venue, listing, call),
        "max_leverage": listing.max_leverage,
        "category": listing.category,
        "dex": listing.dex or MAIN,
        "fee_examples": {f"{EXAMPLE_USD}_usd": {"hyperliquid": 0.35, "purple_flea_builder": 0.2, "total": 0.55}},
    }


def _coin_price(venue: Venue, call: Call) -> Body:
    listing = venue.market.find(call.names["coin"])
    if listing is None:
        raise refuse(404, "no_price", "There is no price for this market.")
    return {
        "coin": listing.coin,
        "ticker": listing.ticker,
        "price": _price(venue, listing, call),
        "timestamp": _now_ms(venue),
    }


def _orderbook(venue: Venue, call: Call) -> Body:
    listing = _listing(venue, call)
    try:
        mid = venue.prices.of(listing.coin, call.path)
    except InjectedFaultError as fault:
        raise RefusedError(503, {"error": "orderbook_error", "message": str(fault)}) from fault
    text = call.query.get("depth", "")
    depth = max(1, min(int(text), MAX_DEPTH)) if text.isdecimal() else DEPTH
    bids, asks = wire.book_json(listing, mid, _now_ms(venue))["levels"]
    spread = float(Decimal(asks[0]["px"]) - Decimal(bids[0]["px"]))
    return {
        "coin": listing.coin,
        "mid_price": float(mid),
        "spread": spread,
        "spread_pct": spread / float(mid) * 100,
        "bids": _side(bids[:depth]),
        "asks": _side(asks[:depth]),
        "timestamp": _now_ms(venue),
    }


def _side(levels: list[Body]) -> list[Body]:
    told, total = [], Decimal(0)
    for level in levels:
        px, size = Decimal(level["px"]), Decimal(level["sz"])
        total += size
        told.append({"price": float(px), "size": float(size), "total": float(total), "notional": float(px * size)})
    return told


DOORS = [
    Door("GET", f"{V1}/markets", _markets),
    Door("GET", f"{V1}/markets/multi-price", _multi_price),
    Door("GET", f"{V1}/markets/{{coin}}", _market),
    Door("GET", f"{V1}/markets/{{coin}}/price", _coin_price),
    Door("GET", f"{V1}/markets/{{coin}}/orderbook", _orderbook),
]
