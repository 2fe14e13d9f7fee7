-- Take a place among the open streams of a key, if there is one left. What nobody keeps any more is free.
-- KEYS  1 the key's places, a sorted set of stream ids by the millisecond at which each becomes free
-- ARGV  1 the stream's id   2 how many there are   3 for how many milliseconds it holds   Gives 1 or 0.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
