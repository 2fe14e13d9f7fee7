-- Count requests that were served while Redis was away: once, however often this is sent.
--
-- KEYS  1 state   2 window   3 month   4 the set of the usage hashes   5 the batch's mark
-- ARGV  1 how many   2, 3 first and next month's millisecond of KEYS[3]   4 the usage field
-- Gives {decision, now}: OK when it is counted, LOAD or MONTH as admit.lua does.

local OK, LOAD, MONTH = 0, 4, 6
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('EXISTS', KEYS[5]) == 1 then return {OK, now} end
if now < tonumber(ARGV[2]) or now >= tonumber(ARGV[3]) then return {MONTH, now} end
if redis.call('EXISTS', KEYS[1], KEYS[3]) < 2 then return {LOAD, now} end

-- Counted as of now, not of when they were served: only Redis's clock counts, and later is never too many.
local moment = math.max(now, tonumber(redis.call('LINDEX', KEYS[2], -1) or 0))
for _ = 1, tonumber(ARGV[1]) do redis.call('RPUSH', KEYS[2], moment) end
redis.call('PEXPIRE', KEYS[2], 3600000)
redis.call('INCRBY', KEYS[3], ARGV[1])
local usage = KEYS[4] .. ':' .. string.match(KEYS[1], ':(%w+):') .. ':' .. math.floor(now / 60000)
redis.call('HINCRBY', usage, ARGV[4], ARGV[1])
redis.call('HSETNX', usage, 'source', string.format('%.0f', now))
redis.call('EXPIRE', usage, 86400)
redis.call('SADD', KEYS[4], usage)
redis.call('SET', KEYS[5], 1, 'EX', 86400)
return {OK, now}
