"""Files that are sent one by one before they are put with an exception, all at once."""
