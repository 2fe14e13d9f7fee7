-- When was this server's data born? At the first look, after a start or after it was emptied.
--
-- KEYS  1 where that is kept; the name carries the server's run
-- Gives the millisecond.

local born = redis.call('GET', KEYS[1])
if not born then
  local time = redis.call('TIME')
  born = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('SET', KEYS[1], born)
end
return tonumber(born)
