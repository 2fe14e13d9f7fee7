"""The development stack: real servers and every process, started and ended by one supervisor."""
