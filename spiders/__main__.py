"""`python -m spiders BATCH_FILE SECONDS PARENT`: one spider process."""

from __future__ import annotations

import sys

from spiders.child import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
