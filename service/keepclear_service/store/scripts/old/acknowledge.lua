-- Admit an acknowledgement: compare-and-set on the conflict's newest alert, and relay it in the same durable write.
--
-- ARGV: 1 prefix, 2 party, 3 jti, 4 sha256, 5 body, 6 the statement's terms, 7 the worker's terms, 8 bounds as JSON,
-- 9 keep_ms added to the time of arrival, 10 conflict, 11 version, 12 alert sha256, 13 stage, 14 epoch, 15 slack_ms,
-- 16 longest length of a stream, 17 acknowledgements of one version that a party may send
-- Answers {'ok', record}, {'again', record}, {'refused', code} or {'behind'}.
local prefix, party, jti, sha = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local meta, once = prefix .. 'meta', prefix .. 'jti:' .. ARGV[2] .. ':' .. ARGV[3]
local known = redis.call('HMGET', meta, 'epoch', 'head', 'clock', 'terms')
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
if known[1] ~= ARGV[14] then return {'behind'} end
local held = redis.call('GET', once)
if held then
  if cjson.decode(held).sha == sha then return {'again', held} end
  return {'refused', 'jti_conflict'}
end
if known[4] ~= ARGV[7] then return {'behind'} end
if known[4] ~= ARGV[6] then return {'refused', 'wrong_terms'} end
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[3]))
for _, bound in ipairs(cjson.decode(ARGV[8])) do
  if now < bound[2] or now > bound[3] then return {'refused', bound[1]} end
end
local newest = redis.call('HGET', prefix .. 'newest:' .. party, ARGV[10])
if not newest then return {'refused', 'conflict_unknown'} end
newest = cjson.decode(newest)
if newest.version ~= tonumber(ARGV[11]) or newest.sha ~= ARGV[12] then return {'refused', 'version_stale'} end
local sent = tonumber(redis.call('HGET', prefix .. 'sent:' .. ARGV[10], party) or '0')
if sent >= tonumber(ARGV[17]) then return {'refused', 'limit_answers'} end

local seq = string.format('%.0f', tonumber(known[2]) + 1)
local stamp = string.format('%.0f', now)
local record = cjson.encode({seq = tonumber(seq), kind = 'acknowledgement', party = party, id = jti, revision = 0,
  sha = sha, submission = '', at = now, terms = ARGV[6], lead = '', epoch = known[1]})
redis.call('HSET', meta, 'head', seq, 'clock', stamp)
redis.call('XADD', prefix .. 'log', seq .. '-0', 'kind', 'acknowledgement', 'party', party, 'id', jti, 'revision', '0',
  'sha', sha, 'submission', '', 'at', stamp, 'terms', ARGV[6], 'lead', '', 'epoch', known[1])
local gone = string.format('%.0f', now + tonumber(ARGV[9]) + tonumber(ARGV[15]))
redis.call('SET', once, record, 'PXAT', gone)
redis.call('SET', prefix .. 'body:' .. sha, ARGV[5], 'PXAT', gone)
redis.call('HSET', prefix .. 'answers:' .. ARGV[10], party .. '|' .. ARGV[13], ARGV[5])
redis.call('HINCRBY', prefix .. 'sent:' .. ARGV[10], party, 1)
redis.call('PEXPIREAT', prefix .. 'sent:' .. ARGV[10], gone)
for _, reader in ipairs({newest.other, party}) do
  local at = string.format('%.0f', redis.call('HINCRBY', meta, 'stream:' .. reader, 1))
  redis.call('XADD', prefix .. 'stream:' .. reader, at .. '-0', 'event', 'acknowledgement', 'statement', ARGV[5])
  redis.call('XTRIM', prefix .. 'stream:' .. reader, 'MAXLEN', '~', ARGV[16])
end
redis.call('PUBLISH', 'keepclear', prefix)
return {'ok', record}
