"""What follows, for machines: the window of active touchpoints, the split, the attribution decider, and the runtime around them."""
