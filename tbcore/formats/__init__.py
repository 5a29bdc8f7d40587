"""Bytes to values: one file per outside format. Knows no paths, no pandas and no Streamlit."""
