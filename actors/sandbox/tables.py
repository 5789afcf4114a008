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
    referred_by TEXT REFERENCES trading_agents, created_at INTEGER NOT NULL);
"""
