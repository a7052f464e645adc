"""The one query language of Earshot, its one tokeniser and its three meanings. Knows no storage and no network."""
