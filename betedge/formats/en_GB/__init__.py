"""How times are written where people read them."""
