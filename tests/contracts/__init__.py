"""The published contracts: what they say is so, and what would break them is found."""
