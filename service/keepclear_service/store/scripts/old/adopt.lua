-- Put a new revision of the agreement in force: an entry of the log like any other.
--
-- ARGV: 1 prefix, 2 terms that it follows, 3 its terms, 4 its bytes, 5 milliseconds by which a notice counts longer
-- under it, 6 slack_ms, then the parties
-- Answers 1, or 0 when other terms are in force than those that it follows.
local prefix = ARGV[1]
local meta = prefix .. 'meta'
local known = redis.call('HMGET', meta, 'terms', 'head', 'clock', 'epoch')
if known[1] == ARGV[3] then return 1 end
if known[1] ~= ARGV[2] then return 0 end
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[3]))
local seq, stamp = string.format('%.0f', tonumber(known[2]) + 1), string.format('%.0f', now)
-- What counts longer is kept longer: a worker that starts later must fold the same notices as one that runs.
local longer = tonumber(ARGV[5])
if longer > 0 then
  for at = 7, #ARGV do
    local own = prefix .. 'own:' .. ARGV[at]
    for _, id in ipairs(redis.call('ZRANGE', own, 0, -1)) do
      local notice = prefix .. 'notice:' .. ARGV[at] .. ':' .. id
      local held = redis.call('HMGET', notice, 'keep', 'revision')
      if held[1] and tonumber(held[1]) >= now then
        local keep = tonumber(held[1]) + longer
        local gone = string.format('%.0f', keep + tonumber(ARGV[6]))
        redis.call('HSET', notice, 'keep', string.format('%.0f', keep))
        redis.call('PEXPIREAT', notice, gone)
        redis.call('ZADD', own, gone, id)
        for revision = 1, tonumber(held[2]) do
          local record = cjson.decode(redis.call('HGET', notice, 'at:' .. revision))
          redis.call('PEXPIREAT', prefix .. 'body:' .. record.sha, gone)
        end
      end
    end
  end
end
redis.call('SET', prefix .. 'terms:' .. ARGV[3], ARGV[4])
redis.call('ZADD', prefix .. 'terms', seq, ARGV[3])
redis.call('HSET', meta, 'head', seq, 'clock', stamp, 'terms', ARGV[3])
redis.call('XADD', prefix .. 'log', seq .. '-0', 'kind', 'terms', 'party', '', 'id', '', 'revision', '0', 'sha', ARGV[3],
  'submission', '', 'at', stamp, 'terms', ARGV[3], 'lead', '', 'epoch', known[4])
redis.call('ZADD', prefix .. 'unmatched', seq, seq)
redis.call('PUBLISH', 'keepclear', prefix)
return 1
