"""Test reports about versions: taken in as sent, from files, and from what registries measured."""
