"""The benchmark tables: this API beside what its users would otherwise build, in one run. `make bench`."""
