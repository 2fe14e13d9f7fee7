"""What the API is measured against, each served like the API itself."""
