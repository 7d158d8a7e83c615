"""Scores live: the accepted facts of one partition's contacts, and what was said of their scores."""
