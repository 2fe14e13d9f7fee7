"""What the Lua scripts decide, by the numbers they give back, and how often they are asked until they do."""

OK, LIMITED, CAPPED, INVALID, LOAD, STALE, MONTH, FORGOT, SETTLING = range(9)
SPENT = 9  # no script's: Redis is away, and so is the little that a process serves without it

TURNS = 6  # a load, the month's turn, a restart in between: three are the most that were ever needed
