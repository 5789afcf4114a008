"""Short ways to write entries."""

from actors.journal import Entry


def opened(intent, payload="{}"):
    return Entry("intent_opened", payload, intent)


def closed(intent, venue_ref=None):
    return Entry("intent_closed", "{}", intent, venue_ref)


def note(text="x"):
    return Entry("incident_noted", f'{{"text":"{text}"}}')


def credit(venue_ref):
    return Entry("credit_booked", "{}", None, venue_ref)


def notes(number):
    """Return ``number`` groups of one entry each."""
    return [[note(f"payload-{index}")] for index in range(1, number + 1)]
