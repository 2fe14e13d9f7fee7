-- Write a key's state as PostgreSQL has it, unless a newer one is there; where none was, fill up window and month.
-- A state that is only read again says nothing of window and month, and so never takes the place of one that is absent.
--
-- KEYS  1 state   2 window   3 month
-- ARGV  1 version   2 the month's count in PostgreSQL, empty: read again   3 when the month may be forgotten, ms
--       4 from which millisecond on PostgreSQL may lack what was lost
--       5 from which millisecond on every web process has had the time to count again what this server has lost
--       6 how many fields of the state follow, names and values; after them pairs: a millisecond, and how many requests
--         PostgreSQL counted in the minute that ends with it
-- Gives 1 if the state was written, else 0.

local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local call = redis.call
local version, fields = tonumber(ARGV[1]), tonumber(ARGV[6])
local known, epoch, since, settled = unpack(call('HMGET', KEYS[1], 'version', 'epoch', 'since', 'settled'))

if not known and ARGV[2] == '' then return 0 end
if ARGV[2] ~= '' then
  local month = tonumber(call('GET', KEYS[3]) or nil)
  if not month or month < tonumber(ARGV[2]) then call('SET', KEYS[3], ARGV[2]) end
  call('PEXPIREAT', KEYS[3], ARGV[3])
end

if known then
  if tonumber(known) > version then return 0 end
else
  -- A state that was absent begins an epoch, named by its microsecond. What web processes admitted since the last moment
  -- that window or PostgreSQL know of is lost, and they will count it again; until they had the time, none is admitted.
  local time, last = call('TIME'), tonumber(call('LINDEX', KEYS[2], -1) or nil)
  epoch = time[1] * 1000000 + time[2]
  settled = tonumber(ARGV[5]) > epoch / 1000 and ARGV[5]
  since = math.max(tonumber(ARGV[4]), (last or -1) + 1)

  -- Nothing is admitted while the state is absent, so the window stands still until it is written below.
  local held, all = {}, call('LRANGE', KEYS[2], 0, -1)
  for place, moment in ipairs(all) do
    all[place] = tonumber(moment)
    local minute = math.floor(all[place] / MINUTE)
    held[minute] = (held[minute] or 0) + 1
  end
  local before = #all
  for place = 7 + fields, #ARGV, 2 do
    local moment = tonumber(ARGV[place])
    for _ = (held[math.floor(moment / MINUTE)] or 0) + 1, tonumber(ARGV[place + 1]) do all[#all + 1] = moment end
  end
  if #all > before then
    table.sort(all)
    call('DEL', KEYS[2])
    for _, moment in ipairs(all) do call('RPUSH', KEYS[2], moment) end
    call('PEXPIRE', KEYS[2], 2 * HOUR)
  end
end

call('DEL', KEYS[1])
call('HSET', KEYS[1], 'epoch', epoch, unpack(ARGV, 7, 6 + fields)) -- what each request asks for comes first
call('HSET', KEYS[1], 'since', since, 'version', ARGV[1])
if settled then call('HSET', KEYS[1], 'settled', settled) end
call('PEXPIRE', KEYS[1], DAY)
return 1
