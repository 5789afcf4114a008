"""The code in the documentation's pages."""

import re
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
PAGES = sorted([HOME / "README.md", *(HOME / "docs").rglob("*.md")])

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    """Return the page's blocks in one language, in order."""
    return [text for found, text in _BLOCK.findall(Path(page).read_text(encoding="utf-8")) if found == language]
