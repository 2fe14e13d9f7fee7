-- Note an answer of 400 or more: count it beside the admitted ones, and keep the record until it is drained.
--
-- KEYS  1 the usage counter of its minute   2 the set of the usage counters   3 the stream of records
-- ARGV  1 the counter as the set names it   2 the usage field, empty: admission counted it already   3 the record
--       4 how many records to keep

local DAY = 86400

if ARGV[2] ~= '' and redis.call('HINCRBY', KEYS[1], ARGV[2], 1) == 1 then
  local time = redis.call('TIME')
  redis.call('HSETNX', KEYS[1], 'source', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('EXPIRE', KEYS[1], DAY)
  redis.call('SADD', KEYS[2], ARGV[1])
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'error', ARGV[3])
redis.call('EXPIRE', KEYS[3], DAY)
