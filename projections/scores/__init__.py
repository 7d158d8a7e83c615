"""Scores: how much a contact takes part, as a pure function of its facts (contract, part 2, section 2)."""
