"""What an operator does to an alerting deployment by hand."""


class Problem(Exception):
    """One line for the operator: what is wrong and what to do."""
