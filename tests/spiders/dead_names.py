"""Dead names and good hosts, asked where no name server ever answers: `python -m tests.spiders.dead_names FOLDER`.

Called in a mount namespace of its own, whose resolv.conf names the address below. Prints one line of JSON.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

from tests.spiders.batches import make_item, run
from tests.spiders.server import serving

MUTE = "127.0.0.153"
DEAD, GOOD = 100, 10


def main(folder: Path) -> None:
    """Run it; the name server takes questions and says nothing."""
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mute.bind((MUTE, 53))
    with serving() as server:
        dead = [make_item(f"http://dead{number}.example/feed") for number in range(DEAD)]
        good = [make_item(server.url(f"/status?404&{number}", number % 4), parallel=4) for number in range(GOOD)]
        named = [make_item(f"http://localhost:{server.port}/status?404")]
        found = run(folder, dead + good + named, timeout_s=20.0, allow_hosts=("*.example", "localhost", *server.hosts))
        answer = {
            "dead": sorted({found.of(item.url).reason for item in dead}),
            "good": sorted({found.of(item.url).outcome for item in good + named}),
            "good_s": max(found.of(item.url).elapsed_s for item in good + named),
            "dead_s": max(found.of(item.url).elapsed_s for item in dead),
        }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
