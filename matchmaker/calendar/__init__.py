"""Working days in the city: the only place where they are counted."""
