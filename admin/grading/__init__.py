"""From a submitted notebook to a grade: plan, take in, run, judge, record, report."""
