"""The runtime: it carries records of Kafka to deciders and what they say back, exactly once, and knows no rule."""
