-- What is new in an agreement's log; on the way, let due timers become entries and old entries go.
--
-- ARGV: 1 prefix, 2 cursor, 3 seqs to take out of unmatched as JSON, 4 entries at most, 5 retention_ms, 6 epoch of the
-- life in which the worker came by those seqs, or '' for any
-- Answers {epoch, head, terms, clock, entries, unmatched, stream heads as a flat list}.
local prefix, retention = ARGV[1], tonumber(ARGV[5])
local meta, log, timers = prefix .. 'meta', prefix .. 'log', prefix .. 'timers'
local known = redis.call('HMGET', meta, 'head', 'clock', 'terms', 'epoch')
if not known[4] then return redis.error_reply('KEEPCLEAR no such line') end
local head = tonumber(known[1])
-- In a store that was put back, the same numbers may name other entries, which nobody has matched yet.
if (ARGV[6] == '' or ARGV[6] == known[4]) and tonumber(ARGV[2]) <= head then
  for _, done in ipairs(cjson.decode(ARGV[3])) do redis.call('ZREM', prefix .. 'unmatched', done) end
end
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[2]))
local stamp = string.format('%.0f', now)

for _, timer in ipairs(redis.call('ZRANGEBYSCORE', timers, '-inf', '(' .. stamp, 'LIMIT', 0, 64)) do
  local what, first, second = string.match(timer, '^(%a+)|([^|]+)|([^|]+)$')
  redis.call('ZREM', timers, timer)
  if what == 'end' then
    -- The conflict's overlap is over. Appended once for each version, whatever becomes of the timer.
    if redis.call('SET', prefix .. 'ended:' .. first .. ':' .. second, '1', 'NX', 'PX',
      string.format('%.0f', 2 * retention)) then
      head = head + 1
      local seq = string.format('%.0f', head)
      redis.call('XADD', log, seq .. '-0', 'kind', 'ended', 'party', '', 'id', first, 'revision', second, 'sha', '',
        'submission', '', 'at', stamp, 'terms', known[3], 'lead', '', 'epoch', known[4])
      redis.call('HSET', meta, 'head', seq, 'clock', stamp)
      redis.call('ZADD', prefix .. 'unmatched', seq, seq)
    end
  else
    -- Retention is over. What nobody has answered stays, and is looked at again a day later.
    local newest = redis.call('HGET', prefix .. 'newest:' .. first, second)
    local state = newest and cjson.decode(newest).state
    if state == 'open' or (newest and redis.call('HEXISTS', prefix .. 'answers:' .. second, first .. '|acknowledged') == 0)
    then
      redis.call('ZADD', timers, string.format('%.0f', now + 86400000), timer)
    else
      redis.call('HDEL', prefix .. 'newest:' .. first, second)
      redis.call('HDEL', prefix .. 'object:' .. first, second)
      if redis.call('HEXISTS', prefix .. 'newest:' .. tostring(cjson.decode(newest or '{}').other), second) == 0 then
        redis.call('DEL', prefix .. 'answers:' .. second)
      end
    end
  end
end

-- The log loses its oldest entries only, and only those whose notice has outlived its retention. An entry still to be
-- matched is never among them.
local lowest = tonumber(redis.call('ZRANGE', prefix .. 'unmatched', 0, 0)[1] or head + 1)
for _, entry in ipairs(redis.call('XRANGE', log, '-', '+', 'COUNT', 16)) do
  local field = {}
  for at = 1, #entry[2], 2 do field[entry[2][at]] = entry[2][at + 1] end
  local keep = tonumber(field.at) + retention
  if field.kind == 'notice' or field.kind == 'withdrawal' then
    keep = tonumber(redis.call('HGET', prefix .. 'notice:' .. field.party .. ':' .. field.id, 'keep') or '0')
  end
  if keep >= now or tonumber(string.match(entry[1], '^%d+')) >= lowest then break end
  redis.call('XDEL', log, entry[1])
end

local entries = redis.call('XRANGE', log, string.format('%.0f', tonumber(ARGV[2]) + 1) .. '-0', '+', 'COUNT', ARGV[4])
local all = redis.call('HGETALL', meta)
return {known[4], string.format('%.0f', head), known[3], stamp, entries,
  redis.call('ZRANGE', prefix .. 'unmatched', 0, 999), all}
