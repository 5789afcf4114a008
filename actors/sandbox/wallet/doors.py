"""Every door of the wallet server, and the operator's to its chains."""

from actors.sandbox.wallet import accounts, balances, chains, sends, swaps

DOORS = [*accounts.DOORS, *balances.DOORS, *sends.DOORS, *swaps.DOORS, *chains.DOORS]
