"""What `make check` and `make screenshots` run beside the tools of others."""
