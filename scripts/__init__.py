"""Programs of the checkout; none is in the wheel."""
