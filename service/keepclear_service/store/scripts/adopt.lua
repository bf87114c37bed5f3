-- Put a new revision of the agreement in force: an entry of the log like any other.
--
-- ARGV: 1 prefix, 2 terms that it follows, 3 its terms, 4 its bytes
-- Answers 1, or 0 when other terms are in force than those that it follows.
local prefix = ARGV[1]
local meta = prefix .. 'meta'
local known = redis.call('HMGET', meta, 'terms', 'head', 'clock', 'epoch')
if known[1] == ARGV[3] then return 1 end
if known[1] ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[3]))
local seq, stamp = string.format('%.0f', tonumber(known[2]) + 1), string.format('%.0f', now)
redis.call('SET', prefix .. 'terms:' .. ARGV[3], ARGV[4])
redis.call('ZADD', prefix .. 'terms', seq, ARGV[3])
redis.call('HSET', meta, 'head', seq, 'clock', stamp, 'terms', ARGV[3])
redis.call('XADD', prefix .. 'log', seq .. '-0', 'kind', 'terms', 'party', '', 'id', '', 'revision', '0', 'sha', ARGV[3],
  'submission', '', 'at', stamp, 'terms', ARGV[3], 'lead', '', 'epoch', known[4])
redis.call('ZADD', prefix .. 'unmatched', seq, seq)
redis.call('PUBLISH', 'keepclear', prefix)
return 1
