-- Decide one request: is the key working, is there room in its hour and in the organisation's month? Count it if so.
-- Most of its time goes into the calls below, half a microsecond each: nine for a request that is admitted.
--
-- KEYS  1 the key's state, a hash   2 its window, a list of milliseconds, oldest first   3 the month, an integer
--       4 the set of the organisation's usage counters; each is a hash named as it and as it says, and so in its slot
-- ARGV  1 the secret as the state names it   2 "1" to count the request, "0" to look   3, 4 first and next month's
--       millisecond of KEYS[3]   5 the usage field without its outcome   6 the server's run
--       7 the epoch in which the caller knows the key; empty: none
--       8 for how many milliseconds a reading of PostgreSQL holds   9 until when the caller waits for the answer
--       10 the time in tests, for which nobody is late; empty: Redis's own
-- Gives {decision, now} for INVALID, LOAD, STALE, MONTH, LATE (nobody waits any more, or a clock was set) and FORGOT (the
--       caller has to count again what it admitted in an epoch that is lost), {SETTLING, now, milliseconds to wait} while others may have to, else
--       {decision, now, tier, hourly limit, counted in the hour, reset, monthly cap, counted in the month,
--        oldest and newest request of the hour, told of one that is refused, else 0, epoch}

local OK, LIMITED, CAPPED, INVALID, LOAD, STALE, MONTH, FORGOT, SETTLING, LATE = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
local SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
local call, floor = redis.call, math.floor
local window, counting = KEYS[2], ARGV[2] == '1'

local now = tonumber(ARGV[10])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
  if now > tonumber(ARGV[9]) then return {LATE, now} end
end

local last_use = 'u:' .. ARGV[1]
local state = call('HMGET', KEYS[1], 'tier', 'hourly', 'monthly', 'epoch', 'read', 's:' .. ARGV[1], last_use, 'settled')
if not state[1] then return {LOAD, now} end
if math.abs(now - state[5]) >= tonumber(ARGV[8]) then return {STALE, now} end
if not state[6] or state[6] ~= '0' and now >= tonumber(state[6]) then return {INVALID, now} end
if now < tonumber(ARGV[3]) or now >= tonumber(ARGV[4]) then return {MONTH, now} end
local month = call('GET', KEYS[3])
if not month then return {LOAD, now} end
if ARGV[7] ~= '' and ARGV[7] ~= state[4] then return {FORGOT, now} end
local settling = counting and state[8] and state[8] - now
if settling and settling > 0 and settling <= 2 * SECOND then return {SETTLING, now, settling} end

local size, newest = 0, nil
local oldest = call('LINDEX', window, 0)
if oldest then
  oldest, newest, size = tonumber(oldest), tonumber(call('LINDEX', window, -1)), call('LLEN', window)
end
local function first_after(moment) -- index of the oldest request after it; the size where there is none
  local low, high = 0, size
  while low < high do
    local middle = floor((low + high) / 2)
    if tonumber(call('LINDEX', window, middle)) > moment then high = middle else low = middle + 1 end
  end
  return low
end

-- A clock that was set back: what lies ahead happened now at the latest, and so leaves an hour from now.
if newest and newest > now then
  local ahead = size - first_after(now)
  call('RPOP', window, ahead)
  for _ = 1, ahead do call('RPUSH', window, now) end
  call('PEXPIRE', window, 2 * HOUR)
  oldest, newest = math.min(oldest, now), now
end

-- Most calls find one or two requests that have left; after a pause thousands may have, which are cut off at once.
if newest and newest <= now - HOUR then
  call('DEL', window)
  size, oldest, newest = 0, nil, nil
end
local left = 0
while oldest and oldest <= now - HOUR do
  if left < 4 then
    call('LPOP', window)
    left, size = left + 1, size - 1
  else
    local cut = first_after(now - HOUR)
    call('LTRIM', window, cut, -1)
    size = size - cut
  end
  oldest = tonumber(call('LINDEX', window, 0))
end

local hourly, monthly = tonumber(state[2]), tonumber(state[3])
month = tonumber(month)
local decision = OK
if counting then
  if size >= hourly then
    decision = LIMITED
  elseif month >= monthly then
    decision = CAPPED
  else
    size = call('RPUSH', window, now)
    -- Once in each hour of the clock is enough: what is pushed until that ends leaves before two are over.
    if not newest or floor(newest / HOUR) ~= floor(now / HOUR) then call('PEXPIRE', window, 2 * HOUR) end
    month = call('INCR', KEYS[3])
    oldest = oldest or now
  end
  local counter = ARGV[6] .. ':' .. floor(now / MINUTE) -- nobody counts on from a number that an old file brought back
  local usage = KEYS[4] .. ':' .. counter
  if call('HINCRBY', usage, ARGV[5] .. (decision == OK and 'counted' or 'limited'), 1) == 1 then
    call('HSETNX', usage, 'source', now) -- tells it from one that was lost
    call('PEXPIRE', usage, DAY)
    call('SADD', KEYS[4], counter)
  end
  if not state[7] or math.abs(now - state[7]) >= SECOND then
    call('HSET', usage, ARGV[1], now)
    call('HSET', KEYS[1], last_use, now)
  end
end

local reset = now
if oldest then reset = (size > hourly and call('LINDEX', window, size - hourly) or oldest) + HOUR end
local refused = decision ~= OK and newest
return {
  decision, now, state[1], hourly, size, reset, monthly, month, refused and oldest or 0, refused and newest or 0, state[4],
}
