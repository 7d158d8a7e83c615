"""Follow-ups live: the state of one partition's interactions, and the role that the runtime carries."""
