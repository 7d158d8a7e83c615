"""The read model as a folder of Parquet files."""
