"""How the exchange writes what it knows: the JSON of `/info` and of the stream."""

import hashlib
from decimal import Decimal
from typing import Any

from actors.sandbox.books import Row
from actors.sandbox.exchange.valuation import Account, Position, decimal_text, usd_text
from actors.sandbox.market import Listing

LEVELS = 20  # of a book on each side
LEVEL_USD = 5_000  # what the first level is worth; each further one is worth so much more
NO_HASH = "0x" + "0" * 64
NOBODY = "0x" + "0" * 40


def account_json(account: Account, time_ms: int) -> dict[str, Any]:
    """An answer to clearinghouseState."""
    notional_micro = sum(abs(position.value_micro) for position in account.positions)
    summary = {
        "accountValue": usd_text(account.value_micro),
        "totalNtlPos": usd_text(notional_micro),
        "totalRawUsd": usd_text(account.value_micro - sum(position.value_micro for position in account.positions)),
        "totalMarginUsed": usd_text(account.margin_micro),
    }
    return {
        "marginSummary": summary,
        "crossMarginSummary": dict(summary),
        "crossMaintenanceMarginUsed": usd_text(account.maintenance_micro),
        "withdrawable": usd_text(max(0, account.value_micro - account.margin_micro)),
        "assetPositions": [_position_json(account, position) for position in account.positions],
        "time": time_ms,
    }


def _position_json(account: Account, position: Position) -> dict[str, Any]:
    liquidation_px = account.liquidation_px(position)
    funding = usd_text(position.funding_micro)
    returned = Decimal(position.pnl_micro) * position.leverage / abs(position.cost_micro)
    return {
        "type": "oneWay",
        "position": {
            "coin": position.coin,
            "szi": decimal_text(position.size),
            "leverage": {"type": "cross", "value": position.leverage},
            "entryPx": decimal_text(position.entry_px),
            "positionValue": usd_text(abs(position.value_micro)),
            "unrealizedPnl": usd_text(position.pnl_micro),
            "returnOnEquity": decimal_text(returned.quantize(Decimal("1e-10"))),
            "liquidationPx": decimal_text(liquidation_px) if liquidation_px else None,
            "marginUsed": usd_text(position.margin_micro),
            "maxLeverage": position.max_leverage,
            "cumFunding": {"allTime": funding, "sinceOpen": funding, "sinceChange": funding},
        },
    }


def fill_json(fill: Row) -> dict[str, Any]:
    """One fill, as userFills has it."""
    told: dict[str, Any] = {
        "coin": fill["coin"],
        "px": decimal_text(Decimal(fill["px"])),
        "sz": decimal_text(Decimal(fill["sz"])),
        "side": fill["side"],
        "time": fill["time_ms"],
        "startPosition": decimal_text(Decimal(fill["start_position"])),
        "dir": fill["dir"],
        "closedPnl": usd_text(fill["closed_pnl_micro"]),
        "hash": "0x" + hashlib.sha256(str(fill["tid"]).encode()).hexdigest(),
        "oid": fill["oid"],
        "crossed": True,
        "fee": usd_text(fill["fee_micro"]),
        "tid": fill["tid"],
        "feeToken": "USDC",
    }
    if fill["builder_fee_micro"]:
        told["builderFee"] = usd_text(fill["builder_fee_micro"])
    if fill["liquidation"]:
        told["liquidation"] = {"liquidatedUser": fill["address"], "markPx": told["px"], "method": "market"}
    return told


def order_json(fill: Row) -> dict[str, Any]:
    """The order of a fill, as orderUpdates has it: filled, so nothing of its size is left."""
    return {
        "order": {
            "coin": fill["coin"],
            "side": fill["side"],
            "limitPx": decimal_text(Decimal(fill["limit_px"])),
            "sz": "0.0",
            "oid": fill["oid"],
            "timestamp": fill["time_ms"],
            "origSz": decimal_text(Decimal(fill["sz"])),
        },
        "status": "filled",
        "statusTimestamp": fill["time_ms"],
    }


def update_json(row: Row) -> dict[str, Any]:
    """A row of userFunding or of userNonFundingLedgerUpdates."""
    delta: dict[str, Any] = {"type": row["kind"], "usdc": usd_text(row["usdc_micro"])}
    if row["kind"] == "funding":
        delta |= {"coin": row["coin"], "szi": decimal_text(Decimal(row["size"])), "fundingRate": row["rate"]}
        return {"time": row["time_ms"], "hash": NO_HASH, "delta": delta}
    if row["kind"] == "withdraw":
        delta |= {"usdc": usd_text(-row["usdc_micro"]), "nonce": row["time_ms"], "fee": "0.0"}
    reference = hashlib.sha256(f"update/{row['row']}".encode()).hexdigest()
    return {"time": row["time_ms"], "hash": f"0x{reference}", "delta": delta}


def book_json(listing: Listing, mid: Decimal, time_ms: int) -> dict[str, Any]:
    """A market's book around its mid price: bids falling, asks rising, each level worth more than the one before."""
    tick = Decimal(1).scaleb(int(mid.as_tuple().exponent))
    return {
        "coin": listing.coin,
        "time": time_ms,
        "levels": [
            [_level(listing, mid + step * tick, abs(step)) for step in steps if mid + step * tick > 0]
            for steps in (range(-1, -LEVELS - 1, -1), range(1, LEVELS + 1))
        ],
    }


def _level(listing: Listing, px: Decimal, number: int) -> dict[str, Any]:
    unit = Decimal(1).scaleb(-listing.size_decimals)
    size = max(unit, (Decimal(LEVEL_USD) * number / px).quantize(unit))
    return {"px": decimal_text(px), "sz": decimal_text(size), "n": number}


def trade_json(fill: Row) -> dict[str, Any]:
    """A fill as everybody sees it; the other side of every trade is the exchange itself."""
    told = fill_json(fill)
    users = [fill["address"], NOBODY] if fill["side"] == "B" else [NOBODY, fill["address"]]
    return {**{name: told[name] for name in ("coin", "side", "px", "sz", "hash", "time", "tid")}, "users": users}
