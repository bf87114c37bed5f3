-- Write the alerts of one log entry to the parties' streams and take the entry out of unmatched, once.
--
-- ARGV: 1 prefix, 2 epoch, 3 seq, 4 longest length of a stream, then for each alert: to, conflict, the newest record
-- as JSON {version, sha, other, state}, the alert object as JSON, ends_ms ('' where nothing runs out), keep_ms
-- Answers 1 when it wrote, 0 when another worker had, -1 when the store has another life than the worker knows.
local prefix, seq = ARGV[1], tonumber(ARGV[3])
local meta = prefix .. 'meta'
if redis.call('HGET', meta, 'epoch') ~= ARGV[2] then return -1 end
if not redis.call('ZSCORE', prefix .. 'unmatched', ARGV[3]) then return 0 end
for at = 5, #ARGV, 6 do
  local to, conflict = ARGV[at], ARGV[at + 1]
  local newest = redis.call('HGET', prefix .. 'newest:' .. to, conflict)
  if not newest or cjson.decode(newest).version < seq then
    local place = string.format('%.0f', redis.call('HINCRBY', meta, 'stream:' .. to, 1))
    local stream = prefix .. 'stream:' .. to
    redis.call('XADD', stream, place .. '-0', 'event', 'alert', 'object', ARGV[at + 3])
    redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[4])
    -- Outside the stream, which may be trimmed: an unanswered alert is never lost.
    redis.call('HSET', prefix .. 'newest:' .. to, conflict, ARGV[at + 2])
    redis.call('HSET', prefix .. 'object:' .. to, conflict, ARGV[at + 3])
    if ARGV[at + 4] ~= '' then
      redis.call('ZADD', prefix .. 'timers', ARGV[at + 4], 'end|' .. conflict .. '|' .. ARGV[3])
    end
    redis.call('ZADD', prefix .. 'timers', ARGV[at + 5], 'keep|' .. to .. '|' .. conflict)
    redis.call('DEL', prefix .. 'answers:' .. conflict, prefix .. 'sent:' .. conflict)
  end
end
redis.call('ZREM', prefix .. 'unmatched', ARGV[3])
redis.call('PUBLISH', 'keepclear', prefix)
return 1
