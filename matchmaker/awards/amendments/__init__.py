"""Changes of a task book that is carried out: proposed, agreed to by both, in force."""
