-- Write a key's state as PostgreSQL has it, unless a newer one is there; where none was, fill up window and month.
-- A state that is only read again says nothing of window and month, and so never takes the place of one that is absent.
--
-- KEYS  1 state   2 window   3 month
-- ARGV  1 version   2 the month's count in PostgreSQL, empty: read again   3 when the month may be forgotten, ms
--       4 from which millisecond on PostgreSQL may lack requests
--       5 from which millisecond on every web process has had the time to count again what this server has lost
--       6 how many fields of the state follow, names and values; after them pairs: a millisecond, and how many requests
--         PostgreSQL counted in the minute that ends with it
-- Gives 1 if the state was written, else 0.

local DAY = 86400
local version, fields = tonumber(ARGV[1]), tonumber(ARGV[6])
local known = tonumber(redis.call('HGET', KEYS[1], 'version') or nil)

if not known and ARGV[2] == '' then return 0 end
if ARGV[2] ~= '' then
  local month = tonumber(redis.call('GET', KEYS[3]) or nil)
  if not month or month < tonumber(ARGV[2]) then redis.call('SET', KEYS[3], ARGV[2]) end
  redis.call('PEXPIREAT', KEYS[3], ARGV[3])
end

-- A state that was absent begins an epoch: what web processes admitted since the last moment that window or PostgreSQL
-- know of is lost, and they will count it again.
local epoch, since, settled = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'since', 'settled'))
if not known then
  local time = redis.call('TIME')
  epoch = time[1] .. '.' .. time[2]
  since = math.max(tonumber(ARGV[4]), (tonumber(redis.call('LINDEX', KEYS[2], -1) or nil) or 0) + 1)
  since, settled = string.format('%.0f', since), ARGV[5]
end

-- Nothing is admitted while the state is absent, so the window stands still until it is written below.
if not known and #ARGV > 6 + fields then
  local held, all = {}, redis.call('LRANGE', KEYS[2], 0, -1)
  for place, moment in ipairs(all) do
    all[place] = tonumber(moment)
    local minute = math.floor(all[place] / 60000)
    held[minute] = (held[minute] or 0) + 1
  end
  local before = #all
  for place = 7 + fields, #ARGV, 2 do
    local moment = tonumber(ARGV[place])
    for _ = (held[math.floor(moment / 60000)] or 0) + 1, tonumber(ARGV[place + 1]) do all[#all + 1] = moment end
  end
  if #all > before then
    table.sort(all)
    redis.call('DEL', KEYS[2])
    for _, moment in ipairs(all) do redis.call('RPUSH', KEYS[2], moment) end
    redis.call('PEXPIRE', KEYS[2], 3600000)
  end
end

if known and known > version then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'epoch', epoch, 'since', since, 'settled', settled, unpack(ARGV, 7, 6 + fields))
redis.call('EXPIRE', KEYS[1], DAY)
return 1
