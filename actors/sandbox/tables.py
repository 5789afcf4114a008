"""The tables of the books, service by service."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agents (
    id TEXT PRIMARY KEY, key_hash TEXT NOT NULL UNIQUE, referral_code TEXT NOT NULL UNIQUE,
    referred_by TEXT REFERENCES agents, balance REAL NOT NULL DEFAULT 0, risk_factor REAL NOT NULL DEFAULT 0.25,
    wagered REAL NOT NULL DEFAULT 0, won REAL NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL REFERENCES agents, type TEXT NOT NULL,
    amount REAL NOT NULL, balance_after REAL NOT NULL, reason TEXT NOT NULL, reference TEXT, service TEXT,
    created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_newest ON ledger (agent_id, created_at DESC);
CREATE TABLE IF NOT EXISTS seeds (
    id INTEGER PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES agents, seed TEXT NOT NULL, seed_hash TEXT NOT NULL,
    nonce INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, revealed_at INTEGER);
CREATE INDEX IF NOT EXISTS seeds_of ON seeds (agent_id);
CREATE TABLE IF NOT EXISTS bets (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL REFERENCES agents, game TEXT NOT NULL,
    amount REAL NOT NULL, amount_won REAL NOT NULL, multiplier REAL NOT NULL, won INTEGER NOT NULL,
    result TEXT NOT NULL, seed_id INTEGER NOT NULL REFERENCES seeds, client_seed TEXT NOT NULL,
    nonce INTEGER NOT NULL, result_hash TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS bets_newest ON bets (agent_id, created_at DESC);
CREATE TABLE IF NOT EXISTS daily (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES agents, streak INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS claims (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL UNIQUE REFERENCES agents, ip TEXT NOT NULL,
    claimed_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS escrows (
    id TEXT PRIMARY KEY, creator_id TEXT NOT NULL REFERENCES agents, counterparty_id TEXT NOT NULL REFERENCES agents,
    amount REAL NOT NULL, commission REAL NOT NULL, net REAL NOT NULL, description TEXT NOT NULL,
    status TEXT NOT NULL, timeout_hours INTEGER NOT NULL, referrer_id TEXT REFERENCES agents,
    created_at INTEGER NOT NULL, auto_release_at INTEGER NOT NULL, completed_at INTEGER, released_at INTEGER,
    disputed_at INTEGER);
CREATE INDEX IF NOT EXISTS escrows_due ON escrows (status, auto_release_at);
CREATE TABLE IF NOT EXISTS escrow_events (
    id TEXT PRIMARY KEY, escrow_id TEXT NOT NULL REFERENCES escrows, event TEXT NOT NULL, actor_id TEXT NOT NULL,
    note TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS escrow_events_of ON escrow_events (escrow_id);
CREATE TABLE IF NOT EXISTS wallet_agents (
    id TEXT PRIMARY KEY, key_hash TEXT NOT NULL UNIQUE, referral_code TEXT NOT NULL UNIQUE,
    referred_by TEXT REFERENCES wallet_agents, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS domain_agents (
    id TEXT PRIMARY KEY, key_hash TEXT NOT NULL UNIQUE, referral_code TEXT NOT NULL UNIQUE,
    referred_by TEXT REFERENCES domain_agents, balance REAL NOT NULL DEFAULT 0, spent REAL NOT NULL DEFAULT 0,
    deposited REAL NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS trading_agents (
    id TEXT PRIMARY KEY, key_hash TEXT NOT NULL UNIQUE, referral_code TEXT NOT NULL UNIQUE,
    referred_by TEXT REFERENCES trading_agents, address TEXT NOT NULL, generated INTEGER NOT NULL,
    signs INTEGER NOT NULL, max_leverage REAL NOT NULL DEFAULT 10, max_position_usd REAL NOT NULL DEFAULT 10000,
    max_daily_loss_usd REAL, volume REAL NOT NULL DEFAULT 0, fees REAL NOT NULL DEFAULT 0, pnl REAL NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS trading_positions (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL REFERENCES trading_agents,
    coin TEXT NOT NULL, side TEXT NOT NULL, size_usd REAL NOT NULL, entry_price REAL NOT NULL, leverage REAL NOT NULL,
    margin_used REAL NOT NULL, liquidation_price REAL NOT NULL, status TEXT NOT NULL DEFAULT 'open', hl_order_id TEXT,
    opened_at INTEGER NOT NULL, closed_at INTEGER);
CREATE INDEX IF NOT EXISTS trading_positions_newest ON trading_positions (agent_id, opened_at DESC);
CREATE TABLE IF NOT EXISTS trading_trades (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL REFERENCES trading_agents,
    order_id TEXT NOT NULL, coin TEXT NOT NULL, side TEXT NOT NULL, size_usd REAL NOT NULL, price REAL NOT NULL,
    fee REAL NOT NULL, realized_pnl REAL NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS trading_trades_newest ON trading_trades (agent_id, created_at DESC);
CREATE TABLE IF NOT EXISTS trading_limits (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, agent_id TEXT NOT NULL REFERENCES trading_agents,
    coin TEXT NOT NULL, side TEXT NOT NULL, size_usd REAL NOT NULL, leverage REAL NOT NULL, limit_price REAL NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending', created_at INTEGER NOT NULL, filled_at INTEGER);
CREATE TABLE IF NOT EXISTS trading_exits (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, position_id TEXT NOT NULL REFERENCES trading_positions (id),
    kind TEXT NOT NULL, trigger_price REAL NOT NULL, status TEXT NOT NULL DEFAULT 'pending',
    created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS market_prices (coin TEXT PRIMARY KEY, price REAL NOT NULL, held INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS exchange_accounts (address TEXT PRIMARY KEY, cash_micro INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exchange_positions (
    address TEXT NOT NULL REFERENCES exchange_accounts, coin TEXT NOT NULL, size TEXT NOT NULL,
    cost_micro INTEGER NOT NULL, leverage INTEGER NOT NULL, funding_micro INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (address, coin)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exchange_fills (
    tid INTEGER PRIMARY KEY, oid INTEGER NOT NULL UNIQUE, address TEXT NOT NULL REFERENCES exchange_accounts,
    coin TEXT NOT NULL, side TEXT NOT NULL, px TEXT NOT NULL, sz TEXT NOT NULL, limit_px TEXT NOT NULL,
    time_ms INTEGER NOT NULL, start_position TEXT NOT NULL, dir TEXT NOT NULL, closed_pnl_micro INTEGER NOT NULL,
    fee_micro INTEGER NOT NULL, builder_fee_micro INTEGER NOT NULL, liquidation INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS exchange_fills_of ON exchange_fills (address, time_ms);
CREATE TABLE IF NOT EXISTS exchange_updates (
    row INTEGER PRIMARY KEY, address TEXT NOT NULL REFERENCES exchange_accounts, time_ms INTEGER NOT NULL,
    kind TEXT NOT NULL, usdc_micro INTEGER NOT NULL, coin TEXT, size TEXT, rate TEXT);
CREATE INDEX IF NOT EXISTS exchange_updates_of ON exchange_updates (address, kind, time_ms);
CREATE TABLE IF NOT EXISTS deposit_addresses (
    agent_id TEXT NOT NULL, chain TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (agent_id, chain));
CREATE TABLE IF NOT EXISTS deposits (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, chain TEXT NOT NULL, token TEXT NOT NULL, amount REAL NOT NULL,
    tx_hash TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS deposits_of ON deposits (agent_id, created_at DESC);
CREATE TABLE IF NOT EXISTS withdrawals (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES agents, amount REAL NOT NULL, fee REAL NOT NULL,
    address TEXT NOT NULL, tx_hash TEXT, status TEXT NOT NULL, created_at INTEGER NOT NULL, completed_at INTEGER);
CREATE INDEX IF NOT EXISTS withdrawals_of ON withdrawals (agent_id, created_at DESC);
CREATE TABLE IF NOT EXISTS wallets (
    id INTEGER PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES wallet_agents, mnemonic TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS swaps (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES wallet_agents, order_id TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL, fee REAL NOT NULL, deposit_address TEXT NOT NULL, expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL, paid_out INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS transfers (
    id INTEGER PRIMARY KEY, chain TEXT NOT NULL, address TEXT NOT NULL, token TEXT NOT NULL, units TEXT NOT NULL,
    other TEXT NOT NULL, tx_hash TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS transfers_of ON transfers (chain, address, token);
CREATE TABLE IF NOT EXISTS earnings (
    id TEXT PRIMARY KEY, referrer_id TEXT NOT NULL, referred_id TEXT NOT NULL, source TEXT NOT NULL,
    fee REAL NOT NULL, commission REAL NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS earnings_of ON earnings (referrer_id);
CREATE TABLE IF NOT EXISTS earnings_withdrawn (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, amount REAL NOT NULL, address TEXT NOT NULL,
    created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS domains (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES domain_agents, domain TEXT NOT NULL UNIQUE,
    price REAL NOT NULL, registered_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS names (domain TEXT PRIMARY KEY, free INTEGER NOT NULL, base_eur REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dns_records (
    id TEXT PRIMARY KEY, domain_id TEXT NOT NULL REFERENCES domains, agent_id TEXT NOT NULL, type TEXT NOT NULL,
    name TEXT NOT NULL, content TEXT NOT NULL, ttl INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL, secret TEXT NOT NULL,
    api_version TEXT NOT NULL, created_at INTEGER NOT NULL, last_delivery_at INTEGER,
    deliveries INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS webhooks_of ON webhooks (agent_id);
CREATE TABLE IF NOT EXISTS pushes (
    id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, body TEXT NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS pushes_due ON pushes (due_at);
"""
