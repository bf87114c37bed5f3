-- Write the alerts of many entries to the parties' streams and take the entries out of unmatched, once.
--
-- KEYS: meta, unmatched, due, leaving, answers, shown, alerts; for each party stream, conflicts, rank; then the bodies
-- that are shown
-- ARGV: 1 epoch, 2 longest stream, 3 prefix, a count and the parties, a count of entries, and for each: seq, '1' if
-- these are the last of its alerts, how many, and for each alert: number of its party, conflict, bytes, record, place of
-- the body that it shows among KEYS or '0'. A record is "version sha256 rank ends keep state shows body own other-party
-- other-id", '-' for what is not.
-- Answers 1, or -1 when the store has another life than the worker knows.
local meta, unmatched, due, leaving = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local answers, shown, alerts = KEYS[5], KEYS[6], KEYS[7]
local call, match = redis.call, string.match
local function whole(number) return string.format('%.0f', number) end

local first_party, party_count = 5, tonumber(ARGV[4])
local asked = {'epoch', 'head'}
for number = 1, party_count do asked[2 + number] = 'stream:' .. ARGV[first_party + number - 1] end
local known = call('HMGET', meta, unpack(asked))
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
if known[1] ~= ARGV[1] then return -1 end

local moved, changed = {}, false
local function tell(number, conflict, version, sha, shows, body)
  local position = tonumber(known[2 + number] or '0') + 1
  known[2 + number], moved[number], changed = position, true, true
  call('XADD', KEYS[5 + 3 * number], 'MAXLEN', '~', ARGV[2], whole(position) .. '-0', 'e',
    table.concat({'alert', conflict, version, sha, shows, body}, ' '))
end

local function write(at)
  local number, conflict, bytes, record = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local place, keys = tonumber(ARGV[at + 4]), 5 + 3 * number
  local conflicts, rank = KEYS[keys + 1], KEYS[keys + 2]
  local parts = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)'
  local version, sha, order, ends, keep, state, shows, body = match(record, parts)
  local before = call('HGET', conflicts, conflict)
  if before then
    local older, old_sha, old_order, old_ends, old_keep, old_state, _, old_body = match(before, parts)
    local same = older == version and old_sha == sha
    if tonumber(older) >= tonumber(version) and not (same and call('HEXISTS', alerts, sha) == 0) then return end
    call('HSET', alerts, sha, bytes)
    if same then return tell(number, conflict, version, sha, shows, body) end
    call('ZREM', rank, old_order .. '.' .. conflict)
    -- What an amendment replaced is told as that, and need not be kept: one notice, amended again and again across
    -- many others, filled the store. What was open when it closed stays, for whoever was away meanwhile.
    if old_state == 'open' and state == 'open' then
      call('HDEL', alerts, old_sha)
    else
      call('ZADD', leaving, old_keep, 'alert:' .. old_sha)
    end
    if old_ends ~= '-' then call('ZREM', due, 'end|' .. conflict .. '|' .. older) end
    if old_body ~= '-' and call('HINCRBY', shown, old_body, -1) <= 0 then call('HDEL', shown, old_body) end
    local given = call('HGET', answers, conflict)
    if given and tonumber(match(given, '^%d+')) < tonumber(version) then
      for hash in string.gmatch(given, ';%S+ %S+ (%S+) %d+') do call('ZADD', leaving, old_keep, 'body:' .. hash) end
      call('HDEL', answers, conflict)
    end
  else
    call('HSET', alerts, sha, bytes)
  end
  call('HSET', conflicts, conflict, record)
  call('ZADD', rank, 0, order .. '.' .. conflict)
  if ends ~= '-' then call('ZADD', due, ends, 'end|' .. conflict .. '|' .. version) end
  if place > 0 then
    call('HINCRBY', shown, body, 1)
    -- One that its notice has let go of lasts as long as it is shown: clean looks at it again.
    if call('PERSIST', KEYS[place]) == 1 then call('ZADD', leaving, keep, 'body:' .. body) end
  end
  tell(number, conflict, version, sha, shows, body)
end

local at = first_party + party_count
local entries = tonumber(ARGV[at])
at = at + 1
for _ = 1, entries do
  local seq, last, count = ARGV[at], ARGV[at + 1] == '1', tonumber(ARGV[at + 2])
  at = at + 3
  -- By their versions alone: an entry may have been taken out of unmatched, and its alerts not be there.
  for number = 0, count - 1 do write(at + 5 * number) end
  if last and call('ZREM', unmatched, seq) == 1 then changed = true end
  at = at + 5 * count
end
if changed then
  local fields, hint = {'head', known[2]}, {ARGV[3], known[2]}
  for number = 1, party_count do
    if moved[number] then
      fields[#fields + 1], fields[#fields + 2] = asked[2 + number], whole(known[2 + number])
      hint[#hint + 1] = ARGV[first_party + number - 1]
    end
  end
  call('HSET', meta, unpack(fields))
  call('PUBLISH', 'keepclear', table.concat(hint, ' '))
end
return 1
