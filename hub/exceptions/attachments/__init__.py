"""Files that are put with an exception: kept whole, handed out as files alone, part of what is decided."""
