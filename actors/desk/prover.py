"""Proving bets against their seeds, when a reading behind the barrier shows them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from actors.desk.till import SECOND, Till
from actors.desk.watch import Watch
from actors.messages import RotateSeed
from actors.money.events import SeedChecked
from actors.money.evidence import Evidence, Seed
from actors.money.fairness import Unproven, bet_flaw, nonce_flaw, seed_flaw
from actors.money.state import UNPROVEN_MOST

ROTATE_AT = 500
"""So many unproven bets at a reconcile, and the venue is asked to show its seed: half of the draws that one makes."""

ROTATION_WAIT = 2 * SECOND
"""How long an answer to that is waited for (microseconds): an end must not hang on it."""

PROOFS = "proofs"
"""Why an account is read again after its seed was asked for."""

KEPT = 20
"""Broken proofs of one seed whose numbers are journaled one by one; all their intents are."""


@dataclass(slots=True)
class Prover:
    """Checks what has been shown, and asks for more to be shown."""

    till: Till

    def check(self, evidence: Evidence, watch: Watch) -> None:
        """Prove what a reading allows to be proven. Nothing of the account may be open."""
        waiting = defaultdict(list)
        for bet in self.till.state.unproven.values():
            if bet.account == evidence.account:
                waiting[bet.seed_hash].append(bet)
        listed = {seed.seed_hash: seed for seed in evidence.seeds}
        for seed_hash, bets in waiting.items():
            seed = listed.get(seed_hash, Seed(seed_hash, "", 0))
            if seed.text or seed_hash not in listed:
                self._judge(evidence.account, bets, seed, self._flaws(bets, seed, watch, listed))
        watch.shown = frozenset(seed.seed_hash for seed in evidence.seeds if seed.text)
        if len(self.till.state.unproven) >= UNPROVEN_MOST and not watch.kept_back:
            watch.kept_back = True
            text = f"the venue keeps its seeds back: of {UNPROVEN_MOST} bets and more, older ones stay unproven"
            self.till.incident("unproven", text)

    def ask(self, account: str, watch: Watch, *, ending: bool) -> bool:
        """Ask the venue to show the seed in use, if enough waits for it; then the account is read again.

        Nothing is open, and nothing will be until then. Without an answer it is read all the same.
        """
        count = sum(bet.account == account for bet in self.till.state.unproven.values())
        if count < (1 if ending else ROTATE_AT):
            return False
        watch.wanted, watch.next_at = PROOFS, self.till.now + ROTATION_WAIT
        self.till.send(watch.service, RotateSeed(account))
        return True

    def _flaws(self, bets: Sequence[Unproven], seed: Seed, watch: Watch, listed: Mapping[str, Seed]) -> dict[str, str]:
        flaw = ""
        if seed.seed_hash not in listed:
            flaw = "commitment: the venue lists no such seed"
        elif seed.seed_hash in watch.shown:
            flaw = "commitment: the seed had been shown before the bet began"
        else:
            flaw = seed_flaw(seed)
        flaws = {bet.intent: flaw or bet_flaw(bet, seed) for bet in bets}
        return {intent: flaw for intent, flaw in flaws.items() if flaw}

    def _judge(self, account: str, bets: Sequence[Unproven], seed: Seed, flaws: Mapping[str, str]) -> None:
        till = self.till
        till.record(SeedChecked(till.now, account, seed.seed_hash, seed.text, len(bets), tuple(flaws)))
        word = "BROKEN" if flaws else "ok"
        text = f"{len(bets) - len(flaws)} of {len(bets)} bets are what seed {seed.seed_hash[:8]} makes of them"
        till.say("bankroll", "fairness", word, text, level="ERROR" if flaws else "INFO")
        broken = [bet for bet in bets if bet.intent in flaws]
        for bet in islice(broken, KEPT):
            note_broken(till, bet, seed.text, flaws[bet.intent])
        for lane, intent in {bet.lane: bet.intent for bet in reversed(broken)}.items():
            till.fail_lane(lane, intent, f"a proof of fairness is broken: {flaws[intent]}")


def check_nonce(till: Till, intent: str) -> None:
    """Look at the nonce of a bet that was closed just now; the rest of its proof comes with the seed."""
    bet = till.state.unproven[intent]
    if flaw := nonce_flaw(bet, islice(reversed(till.state.unproven.values()), 1, None)):
        note_broken(till, bet, "", flaw)
        till.fail_lane(bet.lane, intent, f"a proof of fairness is broken: {flaw}")


def note_broken(till: Till, bet: Unproven, seed: str, flaw: str) -> None:
    """Keep the evidence of a broken proof in the journal; money stays as the venue says."""
    shown = f"shown as {seed}" if seed else "not shown"
    text = f"{bet.venue_ref}, nonce {bet.nonce} under seed {bet.seed_hash} ({shown}), tag {bet.tag}: {flaw}"
    till.incident("broken_proof", text, bet.intent)
