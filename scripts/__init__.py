"""Our own tools for `make check`, `make house` and `make screenshots`."""
