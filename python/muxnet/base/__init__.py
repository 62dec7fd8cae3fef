"""What every other wing stands on: words, text tables, checked dataclasses, files, progress."""
