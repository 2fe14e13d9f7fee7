-- Count requests that Redis does not know of: served while it was away, or lost with what it held. Once, however often
-- this is sent.
--
-- KEYS  1 state   2 window   3 month   4 the set of the usage counters   5 the batch's mark
-- ARGV  1, 2 first and next month's millisecond of KEYS[3]   3 the server's run   4… usage fields, each with how many
-- Gives {decision, now}: OK when they are counted, LOAD or MONTH as admit.lua does.

local OK, LOAD, MONTH = 0, 4, 6
local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if call('EXISTS', KEYS[5]) == 1 then return {OK, now} end
if now < tonumber(ARGV[1]) or now >= tonumber(ARGV[2]) then return {MONTH, now} end
if call('EXISTS', KEYS[1], KEYS[3]) < 2 then return {LOAD, now} end

-- Counted as of now, not of when they were served: only Redis's clock counts, and later is never too many.
local moment = math.max(now, tonumber(call('LINDEX', KEYS[2], -1) or 0))
local counter = ARGV[3] .. ':' .. math.floor(now / MINUTE)
local usage = KEYS[4] .. ':' .. counter
for place = 4, #ARGV, 2 do
  for _ = 1, tonumber(ARGV[place + 1]) do call('RPUSH', KEYS[2], moment) end
  call('INCRBY', KEYS[3], ARGV[place + 1])
  call('HINCRBY', usage, ARGV[place], ARGV[place + 1])
end
call('PEXPIRE', KEYS[2], 2 * HOUR)
call('HSETNX', usage, 'source', now)
call('PEXPIRE', usage, DAY)
call('SADD', KEYS[4], counter)
call('SET', KEYS[5], 1, 'PX', DAY)
return {OK, moment}
