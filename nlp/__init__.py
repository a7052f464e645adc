"""Language room: text and brands in, verdicts out. Knows neither the record nor the web."""
