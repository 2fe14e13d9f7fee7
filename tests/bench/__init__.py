"""Tests of the benchmark: that what it compares is comparable. Never how fast anything is."""
