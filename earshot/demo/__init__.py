"""The demonstration: invented brands and a small invented web, served on the loopback. Knows no record and no index."""
