-- Decide one request: is the key working, is there room in its hour and in the organisation's month? Count it if so.
--
-- KEYS  1 the key's state, a hash   2 its window, a list of milliseconds, oldest first   3 the month, an integer
--       4 the set of the organisation's usage hashes; each is named as it, the run and the minute, and so in its slot
-- ARGV  1 SHA-256 of the secret   2 "1" to count the request, "0" to look   3, 4 first and next month's millisecond of
--       KEYS[3]   5 the usage field without its outcome   6 the epoch in which the caller knows the key; empty: none
--       7 for how many milliseconds a reading of PostgreSQL holds   8 the time in tests; empty: Redis's own
-- Gives {decision, now} for INVALID, LOAD, STALE and MONTH, {FORGOT, now, epoch, since} if requests of an earlier epoch may be
--       lost that the caller has to count again, {SETTLING, now, until} while others may have to, else
--       {decision, now, tier, hourly limit, counted in the hour, reset, monthly cap, counted in the month,
--        oldest and newest request of the hour, told of one that is refused, else 0, epoch}

local OK, LIMITED, CAPPED, INVALID, LOAD, STALE, MONTH, FORGOT = 0, 1, 2, 3, 4, 5, 6, 7
local SETTLING = 8
local HOUR = 3600000
local DAY = 86400
local window = KEYS[2]

local now = tonumber(ARGV[8])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local state = redis.call('HMGET', KEYS[1], 'tier', 'hourly', 'monthly', 'expires', 'revoked', 's:' .. ARGV[1], 'epoch', 'read', 'settled')
if not state[1] then return {LOAD, now} end
if math.abs(now - tonumber(state[8])) >= tonumber(ARGV[7]) then return {STALE, now} end
local function works(till) return till == '0' or now < tonumber(till) end
if state[5] ~= '0' or not works(state[4]) or not state[6] or not works(state[6]) then return {INVALID, now} end
if now < tonumber(ARGV[3]) or now >= tonumber(ARGV[4]) then return {MONTH, now} end
local month = tonumber(redis.call('GET', KEYS[3]) or nil)
if not month then return {LOAD, now} end

if ARGV[6] ~= '' and ARGV[6] ~= state[7] then
  return {FORGOT, now, state[7], tonumber(redis.call('HGET', KEYS[1], 'since'))}
end
local settling = tonumber(state[9]) - now
if ARGV[2] == '1' and settling > 0 and settling <= 1000 then return {SETTLING, now, tonumber(state[9])} end

local size = redis.call('LLEN', window)
local function at(index) return tonumber(redis.call('LINDEX', window, index)) end
local function first_after(moment) -- index of the oldest request after it; the size where there is none
  local low, high = 0, size
  while low < high do
    local middle = math.floor((low + high) / 2)
    if at(middle) > moment then high = middle else low = middle + 1 end
  end
  return low
end

-- A clock that was set back: what lies ahead happened now at the latest, and so leaves an hour from now.
if size > 0 and at(-1) > now then
  local ahead = size - first_after(now)
  redis.call('RPOP', window, ahead)
  for _ = 1, ahead do redis.call('RPUSH', window, now) end
end

-- Most calls find one or two requests that have left; after a pause thousands may have, which are cut off at once.
local left, oldest = 0, size > 0 and at(0)
while oldest and oldest <= now - HOUR do
  if left < 4 then
    redis.call('LPOP', window)
    left, size = left + 1, size - 1
  else
    local cut = first_after(now - HOUR)
    redis.call('LTRIM', window, cut, -1)
    size = size - cut
  end
  oldest = size > 0 and at(0)
end

local hourly, monthly = tonumber(state[2]), tonumber(state[3])
local decision = OK
if ARGV[2] == '1' then
  if size >= hourly then
    decision = LIMITED
  elseif month >= monthly then
    decision = CAPPED
  else
    redis.call('RPUSH', window, now)
    redis.call('PEXPIRE', window, HOUR)
    month = redis.call('INCR', KEYS[3])
    size, oldest = size + 1, oldest or now
  end
  local run = string.match(KEYS[1], ':(%w+):') -- nobody counts on from a number that an old file brought back
  local usage = KEYS[4] .. ':' .. run .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', usage, ARGV[5] .. (decision == OK and 'counted' or 'limited'), 1) == 1 then
    redis.call('HSETNX', usage, 'source', string.format('%.0f', now)) -- tells it from one that was lost
    redis.call('EXPIRE', usage, DAY)
    redis.call('SADD', KEYS[4], usage)
  end
  redis.call('HSET', usage, ARGV[1], now) -- the secret's last use
end

local reset = now
if oldest then reset = (size > hourly and at(size - hourly) or oldest) + HOUR end
local refused = decision ~= OK and size > 0
return {
  decision, now, state[1], hourly, size, reset, monthly, month, refused and oldest or 0, refused and at(-1) or 0, state[7],
}
