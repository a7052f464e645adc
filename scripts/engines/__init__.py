"""Real search engines on the loopback: for tests, benchmarks, the demonstration. The product knows none of it."""
