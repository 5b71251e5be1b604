"""The form of a need as a Word document: to download, and to read in again."""
