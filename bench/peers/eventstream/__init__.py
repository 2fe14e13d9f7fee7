"""django-eventstream as its documentation has it: events kept in Redis, and told to every process through it."""
