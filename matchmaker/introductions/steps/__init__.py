"""The steps of an introduction: answering, moving, assigning, noting, contacts."""
