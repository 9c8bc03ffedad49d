"""What runs inside the sandbox. It imports the standard library, NumPy, and what a notebook needs."""
