"""`grade --cluster`: submissions go to Dask workers as bytes, and what came of them comes back as bytes."""
