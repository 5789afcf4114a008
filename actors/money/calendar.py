"""Times as the venue writes them, by plain arithmetic: this room has no clock, and loads none.

Source: the Gregorian calendar repeats every 146,097 days; a year that begins on the 1st of March has its leap day last.
"""

DAY_S = 86_400
DAYS_OF_400_YEARS = 146_097
MARCH_OF_YEAR_0 = 719_468
"""Days from the 1st of March of the year 0 to the 1st of January 1970."""


def iso(seconds: int) -> str:
    """Return a UTC second as the venue writes it in its history."""
    days, rest = divmod(seconds, DAY_S)
    cycle, day = divmod(days + MARCH_OF_YEAR_0, DAYS_OF_400_YEARS)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153  # from March
    day -= (153 * month + 2) // 5
    year += 400 * cycle + (month >= 10)
    month = month + 3 if month < 10 else month - 9
    return f"{year:04}-{month:02}-{day + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.000Z"
