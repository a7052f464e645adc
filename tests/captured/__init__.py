"""What the captured web shows: real blogs, played back on the loopback."""
