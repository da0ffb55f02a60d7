"""The explanations themselves, a file for each family of ops."""
