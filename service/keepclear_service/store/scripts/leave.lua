#!lua flags=allow-oom
-- Let go of superseded alerts, and give statements that nothing counts on any more their time to live.
--
-- KEYS: leaving, shown, alerts, then the bodies
-- ARGV: 1 slack_ms, 2 how many alerts, and their sha256, then the sha256 of the bodies
local leaving, shown, alerts = KEYS[1], KEYS[2], KEYS[3]
local call = redis.call
local time = call('TIME')
local now = tonumber(time[1]) * 1000
local later = string.format('%.0f', now + tonumber(ARGV[1]))
local count = tonumber(ARGV[2])
for at = 3, 2 + count do
  call('HDEL', alerts, ARGV[at])
  call('ZREM', leaving, 'alert:' .. ARGV[at])
end
for at = 3 + count, #ARGV do
  if call('HEXISTS', shown, ARGV[at]) == 1 then
    -- An alert still shows it: looked at again in a day.
    call('ZADD', leaving, later, 'body:' .. ARGV[at])
  else
    call('PEXPIREAT', KEYS[4 + at - 3 - count], later)
    call('ZREM', leaving, 'body:' .. ARGV[at])
  end
end
return 1
