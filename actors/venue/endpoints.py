"""What each endpoint that changes something offers, as data: how an unknown outcome is found out, which noes are proof.

A refusal is on the list only if the server's own code gives it before any effect. Never on it: `invalid_json` (any
late exception with "JSON" in its text becomes that 400), `close_failed`, `send_failed` and every 5xx. What is not in
the table is K4, and so is never sent.
"""

from enum import StrEnum

from msgspec import Struct

from actors.money.games import SOUND_GAMES


class Capability(StrEnum):
    """What the venue gives to find out what became of a request."""

    K1 = "a repetition changes nothing more: it may be sent again"
    K2 = "a tag it lists: send once, then look up"
    K3 = "only baselines: send once, alone on the account"
    K4 = "nothing: never sent automatically"


K1, K2, K3, K4 = Capability


class Endpoint(Struct, frozen=True):
    """One endpoint, or all below a prefix.

    Attributes:
        service: whose path it is; several services have the same ones.
        prefix: of the path. One that ends with a slash covers what lies below, another only itself.
        capability: decides whether and how it is sent.
        refusals: (status, code) pairs that prove that nothing happened.
        done: status of a success.
        method: of HTTP.
        early: beginnings of a `trade_failed`'s message that prove that no order was executed.
        why: of K4, why it is never called.
    """

    service: str
    prefix: str
    capability: Capability
    refusals: frozenset[tuple[int, str]] = frozenset()
    done: int = 200
    method: str = "POST"
    early: tuple[str, ...] = ()
    why: str = ""


TEMPORARY = frozenset({"rate_limited", "rate_limit_exceeded"})
"""Refusals that pass by themselves within a minute."""

NO_KEY = frozenset({(401, "unauthorized"), (401, "invalid_key")})
EVERYWHERE = NO_KEY | {(429, "rate_limited")}


def _noes(*codes: str) -> frozenset[tuple[int, str]]:
    # And those that any endpoint gives. The status is 400 unless another stands before the code, as in "404 not_found".
    named = (code.rpartition(" ") for code in codes)
    return EVERYWHERE | {(int(status or 400), code) for status, _, code in named}


_GAME = _noes(
    "429 rate_limit_exceeded", "404 not_found", "invalid_amount", "minimum_bet", "insufficient_balance",
    "kelly_limit_exceeded", "invalid_side", "invalid_direction", "invalid_threshold", "invalid_multiplier",
    "invalid_cashout", "invalid_number", "invalid_bet_type", "invalid_probability",
)  # fmt: skip
_PAY = _noes("invalid_request", "invalid_amount", "same_agent", "insufficient_balance", "404 recipient_not_found")
_WITHDRAW = _noes("invalid_amount", "minimum_withdrawal", "maximum_withdrawal", "invalid_address")
_CREATE = _noes(
    "invalid_amount", "invalid_description", "invalid_counterparty", "self_escrow", "402 insufficient_balance",
    "404 counterparty_not_found", "404 creator_not_found",
)  # fmt: skip
_ACT = _noes("403 forbidden", "404 not_found", "409 invalid_status")
_CLAIM = _noes(
    "invalid_request", "429 ip_rate_limited", "404 agent_not_found", "409 already_claimed", "403 has_deposits"
)
_OPEN = _noes(
    "invalid_request", "invalid_size", "invalid_side", "invalid_leverage", "position_too_large",
    "wallet_not_configured", "403 daily_loss_limit_reached",
)  # fmt: skip
_EARLY = (
    "Market not found", "No price", "Max leverage", "Position size too small", "Hyperliquid order rejected",
    "Order error",
)  # fmt: skip
_CLOSE = _noes("wallet_not_configured", "404 position_not_found")
_LIMIT = _noes(
    "invalid_request", "invalid_side", "invalid_size", "invalid_price", "too_large", "unknown_coin", "limit_reached"
)
_CANCEL = _noes("not_pending", "404 not_found")
_EXIT = _noes("missing_position_id", "invalid_trigger_price", "position_not_open", "404 position_not_found")
_REGISTER = _noes("invalid_domain", "domain_unavailable", "insufficient_balance")

CASINO = (
    *(Endpoint("casino", f"/games/{game.path}", K2, _GAME) for game in SOUND_GAMES.values()),
    Endpoint("casino", "/stats/pay", K3, _PAY),
    Endpoint("casino", "/auth/withdraw", K3, _WITHDRAW),
    Endpoint("referral", "/daily/claim", K1, _noes("already_claimed")),
    Endpoint("casino", "/fairness/rotate", K1, EVERYWHERE),
    Endpoint("casino", "/kelly/config", K1, _noes("invalid_risk_factor"), method="PUT"),
    Endpoint("casino", "/bets/batch", K4, why="no transaction: some of its bets may be made and others not"),
    Endpoint("casino", "/games/parlay", K4, why="the venue keeps no tag of a parlay, and it cannot be verified"),
    Endpoint("casino", "/games/video-poker/", K4, why="a draw that is repeated is another paid bet"),
    Endpoint("casino", "/tournaments/", K4, why="prizes are practically never paid"),
    Endpoint("casino", "/challenges/", K4, why="the challenger pays twice, and a failed game leaves it open"),
    Endpoint("casino", "/kelly/simulate", K4, why="it blocks the whole casino for seconds"),
)
ESCROW = (
    Endpoint("escrow", "/escrow/create", K2, _CREATE, done=201),
    Endpoint("escrow", "/escrow/complete/", K2, _ACT),
    Endpoint("escrow", "/escrow/release/", K2, _ACT),
    Endpoint("escrow", "/escrow/dispute/", K2, _ACT),
    Endpoint("escrow", "/mcp", K4, why="its release marks the contract and never pays the counterparty"),
)
FAUCET = (
    Endpoint("faucet", "/faucet/claim", K1, _CLAIM),
    Endpoint("faucet", "/mcp", K4, why="a second door to the same claim"),
)
TRADING = (
    Endpoint("trading", "/trade/open", K3, _OPEN, early=_EARLY),
    Endpoint("trading", "/trade/close", K3, _CLOSE),
    Endpoint("trading", "/trade/limit", K3, _LIMIT, done=201),
    Endpoint("trading", "/trade/limit-orders/", K2, _CANCEL, method="DELETE"),
    Endpoint("trading", "/trade/stop-loss", K1, _EXIT),
    Endpoint("trading", "/trade/take-profit", K1, _EXIT),
    Endpoint("trading", "/trade/close-all", K4, why="it marks positions as closed and closes nothing"),
    Endpoint("trading", "/trade/check-exits", K4, why="on any failure it marks positions as closed, simulated"),
    Endpoint("trading", "/trade/check-limits", K4, why="on any failure it marks orders as filled, simulated"),
    Endpoint("trading", "/referral/withdraw", K4, why="nothing is sent by the server; a person must ask for it"),
    Endpoint("trading", "/alerts", K4, method="GET", why="reading it changes it"),
)
WALLET = (
    Endpoint("wallet", "/wallet/send", K4, why="the private key would travel to the server, and nothing lists a send"),
    Endpoint("wallet", "/wallet/multi-send", K4, why="as a send, and it may succeed in part"),
    Endpoint("wallet", "/wallet/swap", K4, why="an order is useful only with a deposit, which is a send"),
    Endpoint("wallet", "/wallet/create", K4, why="each call overwrites the wallet that is there"),
    Endpoint("wallet", "/wallet/export", K4, method="GET", why="it answers with the private keys"),
    Endpoint("wallet", "/referral/withdraw", K4, why="it books what was never earned; a person must ask for it"),
)
DOMAINS = (
    Endpoint("domains", "/domains/register", K2, _REGISTER, done=201),
    Endpoint("domains", "/auctions/", K4, why="auctions never settle, and bids are not reserved"),
    Endpoint("domains", "/referral/withdraw", K4, why="a repetition takes what has come in since"),
)

ENDPOINTS = (*CASINO, *ESCROW, *FAUCET, *TRADING, *WALLET, *DOMAINS)


def covers(prefix: str, path: str) -> bool:
    """Tell whether a row's prefix stands for a path."""
    return path.startswith(prefix) if prefix.endswith("/") else path == prefix


def endpoint(service: str, path: str) -> Endpoint:
    """Return what is known of a service's path; of an unknown one nothing is (K4)."""
    known = (e for e in ENDPOINTS if e.service == service and covers(e.prefix, path))
    return next(known, Endpoint(service, path, Capability.K4, why="nothing is known of it"))
