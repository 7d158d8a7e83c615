"""Live workers as real processes on a real broker, and what holds of their outputs whatever happened to them."""
