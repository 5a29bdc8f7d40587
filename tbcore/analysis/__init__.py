"""Series to tables and arrays: pure, and as good in a notebook as on a page."""
