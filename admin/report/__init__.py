"""What a class has understood: read from gradebook and findings, counted, and shown on one page."""
