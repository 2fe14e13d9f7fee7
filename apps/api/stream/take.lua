-- Take a place among the open streams of a key, if there is one left. What nobody keeps any more is free.
-- KEYS  1 the key's places, a sorted set of stream ids by the millisecond at which each becomes free
-- ARGV  1 how many there are   2 for how many milliseconds one holds   3 the stream's id
--       4 … the ids that the caller has open already: Redis may have lost them     Gives 1 or 0.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free_at = now + ARGV[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for nth = 4, #ARGV do redis.call('ZADD', KEYS[1], free_at, ARGV[nth]) end
local taken = 0
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], free_at, ARGV[3])
  taken = 1
end
redis.call('PEXPIRE', KEYS[1], 3600000) -- what was open when its process was killed need not lie here for ever
return taken
