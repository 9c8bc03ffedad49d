"""What is shown to people in a browser: student text made safe, formulas, and a policy for the page."""
