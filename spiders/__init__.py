"""The Scrapy project: a batch file in, captures out. Knows neither the record nor the NLP."""
