-- Note an answer of 400 or more: count it beside the admitted ones, and keep the record until it is drained.
--
-- KEYS  1 the usage hash of its minute   2 the registry of usage hashes   3 the stream of records
-- ARGV  1 the usage field, empty: admission counted it already   2 the record   3 how many records to keep

local DAY = 86400

if ARGV[1] ~= '' and redis.call('HINCRBY', KEYS[1], ARGV[1], 1) == 1 then
  local time = redis.call('TIME')
  redis.call('HSETNX', KEYS[1], 'source', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
  redis.call('EXPIRE', KEYS[1], DAY)
  redis.call('SADD', KEYS[2], KEYS[1])
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'error', ARGV[2])
redis.call('EXPIRE', KEYS[3], DAY)
