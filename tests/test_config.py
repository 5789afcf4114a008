"""The configuration: where it comes from, what it refuses and how it says so."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from actors.config import PUBLIC_HOSTS, AgentConfig
from actors.errors import ConfigError

PASSWORD = "hunter2"


@pytest.fixture
def load(tmp_path):
    def with_text(text="", **options):
        file = tmp_path / "my.toml"
        file.write_text(text)
        return AgentConfig.load(**{"config": file, "env": {}, **options})

    return with_text


def refusal(load, text="", **options):
    with pytest.raises(ConfigError) as caught:
        load(text, **options)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_paper_and_live_differ_where_the_specification_says_so():
    paper, live = AgentConfig.load(env={}), AgentConfig.load(live=True, env={})
    assert (paper.data, live.data) == (Path("var/paper"), Path("var/live"))
    assert (paper.limits.kelly_fraction, live.limits.kelly_fraction) == (Fraction(1, 10), Fraction(1, 4))
    assert (paper.venue.quiet_period_us, live.venue.quiet_period_us) == (5_000_000, 65_000_000)
    assert (paper.venue.casino, live.venue.casino) == (None, PUBLIC_HOSTS["casino"])


def test_the_defaults_are_the_published_ones():
    limits = AgentConfig.load(live=True, env={}).limits
    assert (limits.stop_loss, limits.max_drawdown, limits.daily_loss) == (
        Fraction(3, 10),
        Fraction(3, 10),
        Fraction(1, 10),
    )
    assert (limits.loss_streak, limits.max_open, limits.bets_per_minute) == (0, Fraction(1, 5), 50)
    assert (limits.max_stake_fraction, limits.min_stake_micro, limits.entertainment_micro) == (
        Fraction(1, 50),
        10_000,
        0,
    )


EVM = "0x" + "aB" * 20
ADDRESSES = {
    "ethereum": [EVM],
    "base": [EVM],
    "solana": ["1" * 32, "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"],
    "bitcoin": ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"],
    "tron": ["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"],
    "monero": ["4" + "A" * 94, "8" + "b" * 94, "4" + "A" * 105],
}
WRONG = {
    "ethereum": ["ab" * 20, EVM[:-1], f"{EVM}a", "0x" + "g" * 40, ADDRESSES["tron"][0]],
    "base": ["vitalik.eth"],
    "solana": ["4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4O", "1" * 31, EVM],
    "bitcoin": ["bc1qAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ", "2" * 34, EVM],
    "tron": ["T" + "1" * 32, EVM],
    "monero": ["4" + "A" * 93, "8" + "b" * 105],
}


@pytest.mark.parametrize(("chain", "address"), [(chain, one) for chain, all_ in ADDRESSES.items() for one in all_])
def test_an_address_in_the_form_of_its_chain_is_taken(load, chain, address):
    assert getattr(load(f'[wallet]\n{chain} = "{address}"').wallet, chain) == address


@pytest.mark.parametrize(("chain", "address"), [(chain, one) for chain, all_ in WRONG.items() for one in all_])
def test_an_address_in_another_form_is_refused_by_the_name_of_its_field(load, chain, address):
    told = refusal(load, f'[wallet]\n{chain} = "{address}"')
    assert told.startswith(f"wallet.{chain} = the value given in ")
    assert ": must be an address of that chain: " in told
    assert address not in told  # it may be a private key


def test_numbers_of_the_file_are_exact(load):
    config = load("[bankroll]\nkelly_fraction = 0.1\nentertainment_budget = 1.000001\n[venue]\nsend_timeout = 0.3")
    assert config.bankroll.kelly_fraction == Decimal("0.1")
    assert config.limits.entertainment_micro == 1_000_001
    assert config.venue.send_timeout_us == 300_000


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(load):
    text = "[risk]\nstop_loss = 0.5\ndaily_loss = 0.5\nmax_drawdown = 0.5"
    env = {"STAKEKEEPER_RISK__STOP_LOSS": "0.4", "STAKEKEEPER_RISK__DAILY_LOSS": "0.4"}
    risk = load(text, env=env, overrides={"risk.stop_loss": "0.3"}).risk
    assert (risk.stop_loss, risk.daily_loss, risk.max_drawdown) == (Decimal("0.3"), Decimal("0.4"), Decimal("0.5"))


def test_the_environment_can_give_switches_numbers_and_lists():
    env = {
        "STAKEKEEPER_SERVICES__ESCROW": "false",
        "STAKEKEEPER_RISK__BETS_PER_MINUTE": "7",
        "STAKEKEEPER_ALERTS__URLS": "https://a/x, https://b/y",
    }
    config = AgentConfig.load(env=env)
    assert (config.services.escrow, config.risk.bets_per_minute, len(config.alerts.urls)) == (False, 7, 2)


def test_the_dashboard_is_off_when_embedded_and_on_in_a_process():
    assert AgentConfig.load(env={}).web.port == 0
    assert AgentConfig.load(env={}, process=True).web.port == 8787
    assert AgentConfig.load(env={}, process=True, overrides={"web.port": 0}).web.port == 0


def test_a_strategy_keeps_its_own_parameters(load):
    (one,) = load("[[strategy]]\nclass = 'mine.ideas:Momentum'\nwindow = 20").strategy
    assert (one.lane_name, one.account, one.parameters) == ("Momentum", "casino", {"window": 20})


SHARE = "must be a fraction above 0 and at most 1."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[bankrol]\nx = 1", "Unknown section bankrol in F; did you mean bankroll?"),
        ("[bankroll]\nkelly_fracton = 0.2", "Unknown key bankroll.kelly_fracton in F; did you mean kelly_fraction?"),
        ("[web]\nxyz = 1", "Unknown key web.xyz in F; known are host, port."),
        ("bankroll = 3", "bankroll in F must be a section ([bankroll]), not 3."),
        ("[bankroll]\nkelly_fraction = 1.2", f"bankroll.kelly_fraction = 1.2 in F: {SHARE}"),
        ("[bankroll]\nkelly_fraction = true", f"bankroll.kelly_fraction = true in F: {SHARE}"),
        ("[bankroll]\nmin_stake = 0.015", "bankroll.min_stake = 0.015 in F: must be an amount in whole cents"),
        ("[risk]\nstop_loss = 'half'", f'risk.stop_loss = "half" in F: {SHARE}'),
        ("[risk]\nstop_loss = nan", f"risk.stop_loss = NaN in F: {SHARE}"),
        ("[risk]\nbets_per_minute = 0", "risk.bets_per_minute = 0 in F: must be a whole number, 1 to 60000."),
        ("[services]\ncasino = 5", "services.casino = 5 in F: must be true or false."),
        ("[web]\nport = 70000", "web.port = 70000 in F: must be a port, 1 to 65535, or 0 (off)."),
        ("[venue]\ncasino = 'ftp://x'", 'venue.casino = "ftp://x" in F: must be a base URL, http://'),
        (
            "[venue]\ncasino = 'https://a.b'",
            "venue.casino = https://a.b is not on this machine, and paper stays on it;",
        ),
        ("strategy = 3", "strategy in F must be a list of tables ([[strategy]])."),
        ("[[strategy]]\nlane = 'x'", "[[strategy]] number 1 needs one of name (a shipped strategy) and class"),
        ("[[strategy]]\nclass = 'x'", '[[strategy]] number 1: class = "x": must be module:Class, as in'),
        ("[[strategy]]\nname='a'\n[[strategy]]\nname='a'", "Two strategies have the lane a; give each"),
    ],
)
def test_an_error_names_the_key_its_value_and_what_is_allowed(load, tmp_path, text, sentence):
    assert refusal(load, text).replace(str(tmp_path / "my.toml"), "F").startswith(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"config": "/nowhere.toml"}, "There is no configuration file /nowhere.toml; name an existing one"),
        ({"config": "/"}, "The configuration file / cannot be read: Is a directory."),
        ({"env": {"STAKEKEEPER_RISK_STOP_LOSS": "1"}}, "STAKEKEEPER_RISK_STOP_LOSS is neither a key nor a setting; "),
        ({"env": {"STAKEKEEPER_RISK__STOP_LOSS": "2"}}, f'risk.stop_loss = "2" in the environment: {SHARE}'),
        ({"env": {"STAKEKEEPER_STRATEGY__NAME": "x"}}, "STAKEKEEPER_STRATEGY__NAME: strategies are set in the file"),
        ({"overrides": {"seed": -1}}, "seed = -1 must be a whole number from 0 to 2^63 - 1."),
        ({"overrides": {"seed": 1}, "live": True}, "A seed belongs to the built-in venue; leave --seed out"),
        ({"overrides": {"dry_run": True}}, "A dry run belongs to real money; add --live, or leave --dry-run out"),
        ({"overrides": {"venue.quiet_period": 5}, "live": True}, "venue.quiet_period = 5 is too short for a venue"),
    ],
)
def test_so_does_one_from_elsewhere(load, options, sentence):
    assert refusal(load, **options).startswith(sentence)


def test_a_file_that_is_no_toml_is_told_with_the_place(load):
    assert "is no valid TOML: " in refusal(load, "[x")


@pytest.mark.parametrize(
    "text",
    [
        f"[journal]\nurl = 'mysql://bob:{PASSWORD}@db/x'",
        f"[redis]\nurl = 'http://:{PASSWORD}@db'",
        f"[alerts]\nurls = 'https://{PASSWORD}'",
        f"[venue]\ncasino = 'https://bob:{PASSWORD}@x'",
    ],
)
def test_an_error_never_shows_a_secret(load, text):
    assert PASSWORD not in refusal(load, text)


def test_no_secret_is_in_a_repr_or_a_dump(load):
    config = load(
        f"[journal]\nurl = 'postgresql://bob:{PASSWORD}@db/x'\n[redis]\nurl = 'redis://:{PASSWORD}@r'\n"
        f"[alerts]\nurls = ['https://hooks.example/{PASSWORD}']"
    )
    assert PASSWORD not in f"{config!r}{config}{config.dump()}{config.journal!r}"
    assert config.dump()["journal.url"] == "postgresql://db/..."


def test_the_dump_is_flat_text_of_everything_in_force(load):
    dump = load("[[strategy]]\nname = 'a'\nedge = 0.05").dump()
    assert all(isinstance(value, str) for value in dump.values())
    assert (dump["mode"], dump["bankroll.kelly_fraction"], dump["strategy.1.edge"]) == ("paper", "0.10", "0.05")


def test_the_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        AgentConfig.load(env={}).risk.stop_loss = Decimal(1)


def test_the_journal_is_a_file_below_the_data_directory_unless_told_otherwise(load, tmp_path):
    assert load(data=tmp_path).journal_path == tmp_path / "stakekeeper.sqlite"
    assert load("[journal]\nurl = 'sqlite:////x/y.db'").journal_path == Path("/x/y.db")
    with pytest.raises(ConfigError, match="no SQLite file"):
        _ = load("[journal]\nurl = 'postgresql://db/x'").journal_path
