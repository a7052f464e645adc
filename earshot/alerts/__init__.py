"""Telling people: which rules fire, who hears of it and when, and the mail they get."""
