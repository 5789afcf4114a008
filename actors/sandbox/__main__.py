"""`python -m actors.sandbox`."""

import sys

from actors.sandbox.server import main

sys.exit(main(sys.argv[1:]))
