"""What follows, for machines: the window of active touchpoints, the split, the decider, and their runtime."""
