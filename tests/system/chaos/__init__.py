"""Publish and settle picks while every process is killed, then account for each event, receiver and stream."""
