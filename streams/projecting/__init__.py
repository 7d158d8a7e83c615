"""Projecting: the topics' records on their way into the read model, and the positions that go with them."""
