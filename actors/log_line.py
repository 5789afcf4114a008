"""What the log says of a notice: one JSON object a line."""

from datetime import UTC, datetime

from actors.messages import Notice

TROUBLES = ("WARNING", "ERROR")
"""The levels of what a person may have to look at."""


def log_line(agent_id: str, notice: Notice) -> dict[str, object]:
    """Return a notice as the object of its log line.

    `amount` is in micro-USD. What concerns an intent is told by the fields alone; other notices, and troubles, keep
    their sentence.
    """
    moment = datetime.fromtimestamp(notice.at / 1_000_000, UTC)
    fields: dict[str, object] = {
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": notice.level,
        "agent_id": agent_id,
        "service": notice.service,
        "action": notice.action,
        "amount": notice.amount_micro,
        "outcome": notice.outcome,
    }
    if notice.intent is not None:
        fields["intent"] = notice.intent
    if notice.lane is not None:
        fields["lane"] = notice.lane
    if notice.intent is None or notice.level in TROUBLES:
        fields["text"] = notice.text
    return fields | {key: value for key, value in notice.extra.items() if key not in fields}
