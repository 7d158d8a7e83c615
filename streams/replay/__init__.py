"""Replay: the deciders over files instead of Kafka, with every fact at hand, in bounded memory, to the same bytes."""
