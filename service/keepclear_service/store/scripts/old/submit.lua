-- Admit a notice or a withdrawal: all of it or none of it, in one durable write.
--
-- ARGV: 1 prefix, 2 kind, 3 party, 4 notice id, 5 revision, 6 prev ('' at revision 1), 7 sha256, 8 submission sha256,
-- 9 body, 10 the statement's terms, 11 the worker's terms, 12 bounds as JSON [[code, low_ms, high_ms], ...],
-- 13 keep_ms, 14 lead windows as JSON [first_start_ms, last_end_ms, routine_ms, short_ms] or '', 15 cursor,
-- 16 seqs to take out of unmatched as JSON, 17 epoch that the worker knows, 18 slack_ms for garbage collection, 19 longest
-- length of a stream
-- Answers {'ok', record, entries}, {'again', record}, {'refused', code} or {'behind'}.
local prefix, kind, party, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local revision, prev, sha, submission = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local keep, cursor, slack = tonumber(ARGV[13]), ARGV[15], tonumber(ARGV[18])
local meta, log, notice = prefix .. 'meta', prefix .. 'log', prefix .. 'notice:' .. party .. ':' .. id

local known = redis.call('HMGET', meta, 'epoch', 'head', 'clock', 'terms')
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
if known[1] ~= ARGV[17] then return {'behind'} end
-- A store that was put back: the worker has folded entries that are gone, and would not be told of this one.
if tonumber(cursor) > tonumber(known[2]) then return {'behind'} end

local held = redis.call('HMGET', notice, 'revision', 'withdrawn', 'keep', 'at:' .. revision)
if held[4] then
  local record = cjson.decode(held[4])
  if record.sha == sha then return {'again', held[4]} end
  -- Kept as evidence: the first statement that differs, once for each revision.
  if redis.call('HSETNX', notice, 'differs:' .. revision, sha) == 1 then
    redis.call('SET', prefix .. 'evidence:' .. sha, ARGV[9], 'PXAT', string.format('%.0f', tonumber(held[3]) + slack))
  end
  return {'refused', 'revision_conflict'}
end
if known[4] ~= ARGV[11] then return {'behind'} end
if known[4] ~= ARGV[10] then return {'refused', 'wrong_terms'} end

local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[3]))
for _, bound in ipairs(cjson.decode(ARGV[12])) do
  if now < bound[2] or now > bound[3] then return {'refused', bound[1]} end
end
local current = tonumber(held[1] or '0')
if held[2] then return {'refused', 'notice_withdrawn'} end
if current == 0 and revision > 1 then return {'refused', 'notice_unknown'} end
if revision ~= current + 1 then return {'refused', 'revision_order'} end
if current > 0 then
  local before = cjson.decode(redis.call('HGET', notice, 'at:' .. current))
  if before.sha ~= prev then return {'refused', 'prev_mismatch'} end
end

local lead = ''
if ARGV[14] ~= '' then
  local window = cjson.decode(ARGV[14])
  local ahead = window[1] - now
  if window[2] < now then lead = 'RETROACTIVE'
  elseif ahead <= 0 then lead = 'IN_PROGRESS'
  elseif ahead >= window[3] then lead = 'ROUTINE'
  elseif ahead >= window[4] then lead = 'SHORT'
  else lead = 'LATE' end
end

local seq = string.format('%.0f', tonumber(known[2]) + 1)
local stamp = string.format('%.0f', now)
local fields = {'kind', kind, 'party', party, 'id', id, 'revision', ARGV[5], 'sha', sha, 'submission', submission,
  'at', stamp, 'terms', ARGV[10], 'lead', lead, 'epoch', known[1]}
local record = cjson.encode({seq = tonumber(seq), kind = kind, party = party, id = id, revision = revision, sha = sha,
  submission = submission, at = now, terms = ARGV[10], lead = lead,
  epoch = known[1]})
redis.call('HSET', meta, 'head', seq, 'clock', stamp)
redis.call('XADD', log, seq .. '-0', unpack(fields))

-- Every revision is kept as long as the newest one, so that a replay sees the notice's whole history.
keep = math.max(keep, tonumber(held[3] or '0'))
local gone = string.format('%.0f', keep + slack)
redis.call('SET', prefix .. 'body:' .. sha, ARGV[9], 'PXAT', gone)
if held[3] and keep > tonumber(held[3]) then
  for number = 1, current do
    local older = cjson.decode(redis.call('HGET', notice, 'at:' .. number))
    redis.call('PEXPIREAT', prefix .. 'body:' .. older.sha, gone)
  end
end
redis.call('HSET', notice, 'revision', ARGV[5], 'keep', string.format('%.0f', keep), 'at:' .. ARGV[5], record)
if kind == 'withdrawal' then redis.call('HSET', notice, 'withdrawn', '1') end
if kind == 'notice' then redis.call('HSET', notice, 'end', string.format('%.0f', cjson.decode(ARGV[14])[2])) end
redis.call('PEXPIREAT', notice, gone)
redis.call('ZADD', prefix .. 'own:' .. party, gone, id)
redis.call('ZREMRANGEBYSCORE', prefix .. 'own:' .. party, '-inf', '(' .. stamp)
redis.call('ZADD', prefix .. 'unmatched', seq, seq)

-- The party's own other desks learn of it at once; matching adds the alerts later.
local at = string.format('%.0f', redis.call('HINCRBY', meta, 'stream:' .. party, 1))
redis.call('XADD', prefix .. 'stream:' .. party, at .. '-0', 'event', 'notice', 'record', record)
redis.call('XTRIM', prefix .. 'stream:' .. party, 'MAXLEN', '~', ARGV[19])
for _, done in ipairs(cjson.decode(ARGV[16])) do redis.call('ZREM', prefix .. 'unmatched', done) end
redis.call('PUBLISH', 'keepclear', prefix)
return {'ok', record, redis.call('XRANGE', log, string.format('%.0f', tonumber(cursor) + 1) .. '-0', '+', 'COUNT', 256)}
