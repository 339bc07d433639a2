"""Bootstrap, seed and count the lab, through its public APIs only."""
