#!lua flags=allow-oom
-- Let go of what has outlived its retention, a bounded piece for each call. Apart from timers: nothing here is urgent.
--
-- Statements get a time to live only now, when nothing counts on them any more. An alert that nobody has answered, and
-- what it shows, stays for thirty days longer: whoever never answers must not fill the store.
--
-- KEYS: meta, log, unmatched, ended, answers, leaving, shown, alerts; for each party own, notices, chain, conflicts,
-- rank, gone, snapshot, spent
-- ARGV: 1 retention_ms, 2 the worker's clock (ms), 3 how much of each at most, a count, and for each party its name,
-- how many of its oldest notices to pass over, and the rank behind which to look at its conflicts
-- Answers {what is due to leave, '1' if the log has more to lose, {for each party how many notices to pass over next, and
-- the rank to go on behind, '' to begin again}}.
local meta, log, unmatched, ended = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local answers, leaving, shown, alerts = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local call, match = redis.call, string.match
local forgotten = 30 * 86400000
local tomb = 96 -- bytes of an id that has ended for ever: they stay, so they stay counted
local function whole(number) return string.format('%.0f', number) end
local retention, piece, party_count = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local known = call('HMGET', meta, 'head', 'longer')
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local longer = tonumber(known[2] or '0')
local time = call('TIME')
-- Over by both clocks.
local now = math.min(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(ARGV[2]))
local number_of = {}
for number = 1, party_count do number_of[ARGV[2 + 3 * number]] = number end

local function leave(name) call('ZADD', leaving, whole(now), name) end

-- The log loses its oldest entries only, and only those whose notice has outlived its retention. An entry still to be
-- matched is never among them.
local lowest = tonumber(call('ZRANGE', unmatched, 0, 0)[1] or known[1] + 1)
local function is_over(entry)
  local seq, kind, party, id, at = match(entry[2][2], '^(%S+) (%S+) (%S+) (%S+) %S+ %S+ %S+ (%S+)')
  local keep, number = tonumber(at) + retention, number_of[party]
  if number and (kind == 'notice' or kind == 'withdrawal') then
    local row = call('HGET', KEYS[2 + 8 * number], id)
    if row then keep = math.max(keep, tonumber(match(row, '^%S+ %S+ %S+ (%S+)')) + longer) end
  end
  return keep < now and tonumber(seq) < lowest
end
local old, first = {}, call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if first and is_over(first) then
  for _, entry in ipairs(call('XRANGE', log, '-', '+', 'COUNT', piece)) do
    if not is_over(entry) then break end
    old[#old + 1] = entry[1]
  end
end
if #old > 0 then call('XDEL', log, unpack(old)) end

local over = call('ZRANGEBYSCORE', ended, '-inf', whole(now - 2 * retention), 'LIMIT', 0, piece)
if #over > 0 then call('ZREM', ended, unpack(over)) end

local function clean_notices(keys, skip)
  local own, notices, chain, gone, snapshot = KEYS[keys], KEYS[keys + 1], KEYS[keys + 2], KEYS[keys + 5], KEYS[keys + 6]
  local spent, budget, left, freed = KEYS[keys + 7], 4 * piece, 0, 0
  local ids = call('ZRANGEBYSCORE', own, '-inf', whole(now - retention), 'LIMIT', skip, piece)
  for _, id in ipairs(ids) do
    local revision, keep, withdrawn = match(call('HGET', notices, id), '^(%S+) %S+ %S+ (%S+) (%S+)')
    if tonumber(keep) + longer < now and budget > 0 then
      for number = 1, tonumber(revision) do
        local link = id .. ' ' .. number
        local sha, size = match(call('HGET', chain, link), '^%S+ (%S+) ?(%d*)')
        local differs = match(call('HGET', chain, link .. ' differs') or '', ' (%d+)$')
        leave('body:' .. sha)
        call('HDEL', chain, link, link .. ' differs')
        freed = freed + tonumber(size ~= '' and size or '0') + tonumber(differs or '0')
      end
      call('HDEL', notices, id)
      call('HDEL', snapshot, id)
      call('ZREM', own, id)
      -- An id that was withdrawn has ended for ever.
      if withdrawn == '1' then
        call('SADD', gone, id)
        freed = freed - tomb
      end
      budget = budget - 2 * tonumber(revision)
    else
      left = left + 1
    end
  end
  if freed ~= 0 then call('HINCRBY', spent, 'bytes', whole(-freed)) end
  return #ids == piece and whole(tonumber(skip) + left) or '0'
end

local function clean_conflicts(keys, party, after)
  local conflicts, rank = KEYS[keys + 3], KEYS[keys + 4]
  local ranks = call('ZRANGEBYLEX', rank, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, piece)
  for _, member in ipairs(ranks) do
    local conflict = match(member, '^[^.]*%.(.*)$')
    local version, sha, keep, state, body, other = match(call('HGET', conflicts, conflict),
      '^(%S+) (%S+) %S+ %S+ (%S+) (%S+) %S+ (%S+) %S+ (%S+)')
    if state ~= 'open' and tonumber(keep) < now then
      local given = call('HGET', answers, conflict)
      local mine = given and match(given, '^%d+') == version
        and string.find(given, ';' .. party .. ' acknowledged ', 1, true)
      if mine or tonumber(keep) < now - forgotten then
        call('HDEL', conflicts, conflict)
        call('ZREM', rank, member)
        leave('alert:' .. sha)
        if body ~= '-' and call('HINCRBY', shown, body, -1) <= 0 then call('HDEL', shown, body) end
        local theirs = number_of[other]
        if not theirs or call('HEXISTS', KEYS[4 + 8 * theirs], conflict) == 0 then
          for hash in string.gmatch(given or '', ';%S+ %S+ (%S+) %d+') do leave('body:' .. hash) end
          call('HDEL', answers, conflict)
        end
      end
    end
  end
  return #ranks == piece and ranks[#ranks] or ''
end

local behind = {}
for number = 1, party_count do
  local keys = 1 + 8 * number
  local at = 2 + 3 * number
  behind[2 * number - 1] = clean_notices(keys, ARGV[at + 1])
  behind[2 * number] = clean_conflicts(keys, ARGV[at], ARGV[at + 2])
end
return {call('ZRANGEBYSCORE', leaving, '-inf', whole(now), 'LIMIT', 0, piece), #old == piece and '1' or '0', behind}
