// Transfer.
