-- Count a failed key of an address in this minute of Redis's clock.
--
-- KEYS  1 how the names of the address's counters begin; the minute follows
-- Gives {failed in this minute, milliseconds until it ends}.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local counter = KEYS[1] .. math.floor(now / 60000)
local failed = redis.call('INCR', counter)
if failed == 1 then redis.call('EXPIRE', counter, 120) end
return {failed, 60000 - now % 60000}
