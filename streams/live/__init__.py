"""The runtime: it carries records of Kafka to deciders and what they say back, exactly once. It knows no business rule."""
