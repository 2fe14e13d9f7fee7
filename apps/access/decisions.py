"""What the Lua scripts decide, by the numbers they give back, and how often they are asked until they do."""

OK, LIMITED, CAPPED, INVALID, LOAD, STALE, MONTH, FORGOT, SETTLING, LATE = range(10)
SPENT = 10  # no script's: Redis is away, and so is the little that a process serves without it

TURNS = 8  # a dead connection, a load, the month's turn, what was lost, a wait: four are the most that were ever needed
