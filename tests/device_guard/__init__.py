"""A device guard for machines without a GPU: a stand-in for CuPy on which every op is run.

The stand-in's arrays hold NumPy's, and refuse what CuPy refuses: to become NumPy arrays by themselves, to be mixed with
them, and names, keywords and dtypes that CuPy does not have (`names.json` lists those that it has). What it gives is an
array, also where NumPy would give a scalar. It counts how often the host would have to wait for the GPU. So a stray
NumPy call on device data fails here, and not first on somebody's GPU.

It is stricter than CuPy in one thing: a NumPy function of a device array, which CuPy may turn into its own, is refused.
What it does not know is told in `arrays`.
"""
