"""Awards (立项): from the winners of a call to its acceptance or its end."""
