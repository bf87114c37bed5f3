#!lua flags=allow-oom
-- A turn: let due timers become entries, admit what has arrived in its order, and tell what is new.
--
-- Holds no rule: what a statement needs to be admitted comes with it. All or nothing, and never stopped by a store that
-- is full: which statements still find room is decided here, one by one, so that what ends something always does.
--
-- KEYS: meta, log, unmatched, due, ended, answers, leaving, gists; for each party stream, own, notices, chain,
-- conflicts, gone, snapshot, spent; for each arrival once, body, evidence
-- ARGV: 1 epoch and 2 terms that the worker knows, 3 its cursor, 4 its clock (ms), 5 ms that the clocks may differ,
-- 6 retention_ms, 7 slack_ms, 8 longest stream, 9 entries told at most, 10 timers at most, 11 answers to one version of
-- a party at most, 12 prefix, 13 the entry at its cursor or '-', 14 the part of the store's memory that is kept free of
-- notices (one in so many) and 15 its bytes at most, 16 '1' where its disk has no room for notices, then a count and
-- the seqs to take out of unmatched, a count and the parties; a count of words and of each charge the number of its
-- party, field and ms or bytes; a count of words and the most live notices, bytes and price a day, the ms that a submit,
-- an acknowledgement, a pair and an alert spend; a count and for each arrival: kind, number of its party, id, sha256,
-- submission, body, terms, note, lowest and highest ms of all its bounds, precondition and its four words, gist or '',
-- '1' to hand it to siblings, price, '1' where a worker has no room for it:
--   chain: revision, prev ('-' at revision 1), ends_ms ('-' for a withdrawal), keep_ms
--   cas: conflict, version, alert, stage and how many of the first of it stand ('acknowledged/8'; 0: the newest)
--   none
-- Answers {epoch, terms, head, clock, behind, timers fired, next due or '-', outcomes, entries, unmatched, seq and
-- gist of entries of before this call, how many heard the hint, ms of its clock ahead of the worker's, ms of the newest
-- stamp ahead of its clock, how many of the new entries tell of a spent budget}; an outcome is '+' and the entry, '=' and
-- the entry of before, '-' and the code, '@' and the ms outside of its bounds, or '#', a budget, what is left of it, the
-- ms at which it is worth asking again, and those of now. Where clocks are apart nothing is stamped: no timer fires, and
-- '-store_clock' it is.
local meta, log, unmatched, due, ended = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local answers, leaving, gists = KEYS[6], KEYS[7], KEYS[8]
local call, match, format = redis.call, string.match, string.format
local retention, slack, longest, batch = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])
local function whole(number) return format('%.0f', number) end

local next_arg = 17
local function list()
  local count = tonumber(ARGV[next_arg])
  local first = next_arg + 1
  next_arg = first + count
  return first, count
end
local first_done, done_count = list()
local first_party, party_count = list()
local first_charge, charge_words = list()
local first_budget = list()
local arrivals = tonumber(ARGV[next_arg])

local asked, number_of = {'epoch', 'head', 'clock', 'terms', 'longer', 'room'}, {}
for number = 1, party_count do
  local party = ARGV[first_party + number - 1]
  number_of[party] = number
  asked[6 + number] = 'stream:' .. party
end
local known = call('HMGET', meta, unpack(asked))
local epoch, terms = known[1], known[4]
if not epoch then return redis.error_reply('KEEPCLEAR no such line') end
local head, clock, longer = tonumber(known[2]), tonumber(known[3]), tonumber(known[5] or '0')
local cursor, before = tonumber(ARGV[3]), head

local time = call('TIME')
local ticking = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local theirs = tonumber(ARGV[4])
local apart, ahead = ticking - theirs, clock - ticking
local off = math.abs(apart) > tonumber(ARGV[5]) or ahead > tonumber(ARGV[5])
local now = math.max(ticking, clock)

-- In a store that was put back, the same numbers may name other entries, which nobody has matched yet.
local same_life = epoch == ARGV[1] and cursor <= head
if same_life and ARGV[13] ~= '-' then
  local held = call('XRANGE', log, ARGV[3] .. '-0', ARGV[3] .. '-0')[1]
  same_life = not held or held[2][2] == ARGV[13]
end
local behind = not same_life or terms ~= ARGV[2]
local outcomes, entries, fresh, fired = {}, {}, {}, 0
local waiting, moved, handed, heard = {}, {}, {}, 0

-- Kept free: the whole of it of notices, the half of acknowledgements; withdrawals, timers and alerts may have it all.
-- Asked once for a turn that brings anything: what a store tells of its memory costs it ten times what a key does. From
-- half of it on, a line whose parties' notices have taken more than they all agreed on leaves the rest to other lines.
local taken, below, greedy = 0, nil, nil
local all_agreed_is_taken
local function fits(kind, bytes)
  if kind == 'notice' and ARGV[16] == '1' then return false end
  if not below then
    local told = call('INFO', 'memory')
    local function figure(name) return tonumber(match(told, '\n' .. name .. ':(%d+)') or '0') end
    local most = figure('maxmemory')
    local free = math.min(most / tonumber(ARGV[14]), tonumber(ARGV[15]))
    taken = figure('used_memory') - figure('mem_not_counted_for_evict')
    below = most > 0 and {notice = most - free, other = most - free / 2} or {notice = math.huge, other = math.huge}
  end
  if taken + bytes >= (below[kind] or below.other) then return false end
  if kind == 'notice' and taken + bytes >= below.notice / 2 then
    if greedy == nil then greedy = all_agreed_is_taken() end
    if greedy then return false end
  end
  return true
end

local function room_for(kind, bytes)
  if kind == 'withdrawal' then return true end
  if not fits(kind, bytes) then return false end
  taken = taken + bytes + 2048 -- links, places, a gist
  return true
end

local function append(kind, party, id, revision, sha, submission, note, stamp, matched)
  head = head + 1
  local seq = whole(head)
  local entry = table.concat({seq, kind, party, id, revision, sha, submission, stamp, terms, note, epoch}, ' ')
  call('XADD', log, seq .. '-0', 'e', entry)
  if not matched then waiting[#waiting + 1], waiting[#waiting + 2] = seq, seq end
  fresh[#fresh + 1] = entry
  return seq, entry
end

local function tell(number, event)
  local place = tonumber(known[6 + number] or '0') + 1
  known[6 + number], moved[number] = place, true
  call('XADD', KEYS[1 + 8 * number], 'MAXLEN', '~', longest, whole(place) .. '-0', 'e', event)
end

-- include budgets

if not behind and not off then
  -- Due by both clocks: one that is ahead must neither end a conflict early nor stamp the future.
  local sure = math.min(ticking, theirs)
  local timers = call('ZRANGEBYSCORE', due, '-inf', '(' .. whole(sure), 'LIMIT', 0, ARGV[10])
  local marks = {}
  for _, timer in ipairs(timers) do
    -- Once for each version, whatever becomes of the timer.
    if not call('ZSCORE', ended, timer) then
      local conflict, version = match(timer, '^end|([^|]+)|([^|]+)$')
      clock = math.max(clock, sure)
      append('ended', '-', conflict, version, '-', '-', '-', whole(clock))
      marks[#marks + 1], marks[#marks + 2] = whole(sure), timer
      fired = fired + 1
    end
  end
  if #marks > 0 then call('ZADD', ended, unpack(marks)) end
  if #timers > 0 then call('ZREM', due, unpack(timers)) end
end

-- Whoever files nothing learns of a store that is full, too, and of its having room again, also for the largest notice.
-- A turn that only catches up with others' need not look: what it would cost them is dearer than that second.
if not behind and not off and (arrivals > 0 or cursor == before) then
  if not fits('notice', 0) then
    tell_full()
  elseif room_told > now and fits('notice', largest) then
    tell_room()
  end
end

local function admit(at, place)
  local kind, number, id, sha = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local once, body, evidence = KEYS[place], KEYS[place + 1], KEYS[place + 2]
  local stream = 1 + 8 * number
  local notices, chain, conflicts = KEYS[stream + 2], KEYS[stream + 3], KEYS[stream + 4]
  local party, precondition = ARGV[first_party + number - 1], ARGV[at + 10]
  local first, second, third, fourth = ARGV[at + 11], ARGV[at + 12], ARGV[at + 13], ARGV[at + 14]

  local held, link, row = call('GET', once), nil, nil
  local same = held and match(held, '^%S+ %S+ %S+ %S+ %S+ (%S+)') == sha
  if same then return '=' .. held end
  if precondition == 'chain' then
    row = call('HGET', notices, id)
    link = row and call('HGET', chain, id .. ' ' .. first)
  end
  if link then
    local seq, accepted = match(link, '^(%S+) (%S+)')
    if accepted == sha then
      local found = call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
      return found and '=' .. found[2][2] or '-revision_order'
    end
    if off then return '-store_clock' end
    -- Kept as evidence: the first statement that differs, once for each revision, while there is room.
    local size = #ARGV[at + 5] + beside
    local kept = tonumber(book(number).bytes) + size <= most_bytes and room_for('notice', size)
    if kept and call('HSETNX', chain, id .. ' ' .. first .. ' differs', sha .. ' ' .. size) == 1 then
      stores(number, size)
      local keep = math.max(tonumber(match(row, '^%S+ %S+ %S+ (%S+)')) + longer, now + retention)
      call('SET', evidence, ARGV[at + 5], 'PXAT', whole(keep + slack))
    end
    return held and '-jti_conflict' or '-revision_conflict'
  end
  if held then return '-jti_conflict' end
  if ARGV[at + 6] ~= terms then return '-wrong_terms' end
  local high = tonumber(ARGV[at + 9])
  if off then return '-store_clock' end
  if now < tonumber(ARGV[at + 8]) or now > high then return '@' .. whole(now) end
  local refused = arrives(number, kind)
  if refused then return refused end

  local stamp, gone = whole(now), nil
  if precondition == 'chain' then
    local revision, keep, ends = tonumber(first), tonumber(fourth) - longer, third
    local current, newest, ended_at, kept, withdrawn = 0, '-', '-', '0', '0'
    if row then
      current, newest, ended_at, kept, withdrawn = match(row, '^(%S+) (%S+) (%S+) (%S+) (%S+)')
      current = tonumber(current)
    elseif call('SISMEMBER', KEYS[stream + 5], id) == 1 then
      withdrawn = '1'
    end
    if withdrawn == '1' then return '-notice_withdrawn' end
    if current == 0 and revision > 1 then return '-notice_unknown' end
    if revision ~= current + 1 then return '-revision_order' end
    if newest ~= second then return '-prev_mismatch' end
    local size = #ARGV[at + 5] + beside
    if ARGV[at + 18] == '1' or not room_for(kind, #ARGV[at + 5]) then
      return no_room(number, ARGV[at + 18] == '1')
    end
    if kind == 'notice' then
      refused = adds(number, size, tonumber(ARGV[at + 17]), tonumber(ends), tonumber(ended_at))
      if refused then return refused end
    end
    stores(number, size)
    keep = whole(math.max(keep, tonumber(kept)))
    gone = math.max(now + retention, tonumber(keep) + longer, high) + slack
    local seq, entry = append(kind, party, id, first, sha, ARGV[at + 4], ARGV[at + 7], stamp)
    if ends == '-' then
      -- Listed as over from here on: its last window ends no more.
      ends, withdrawn = whole(math.min(tonumber(ended_at) or now, now - 1)), '1'
    end
    call('SET', body, ARGV[at + 5])
    call('SET', once, entry, 'PXAT', whole(gone))
    call('HSET', chain, id .. ' ' .. first, seq .. ' ' .. sha .. ' ' .. size)
    call('HSET', notices, id, table.concat({first, sha, ends, keep, withdrawn, entry}, ' '))
    call('ZADD', KEYS[stream + 1], ends, id)
    tell(number, kind .. ' ' .. seq .. ' ' .. sha)
    local gist = ARGV[at + 15]
    if gist ~= '' then
      call('HSET', KEYS[stream + 6], id, gist)
      -- Siblings do without where there are none.
      if ARGV[at + 16] == '1' then redis.pcall('XADD', gists, 'MAXLEN', '~', ARGV[9], seq .. '-0', 'g', gist) end
    else
      call('HDEL', KEYS[stream + 6], id)
    end
    clock = now
    return '+' .. entry
  end

  local other, record, given, stage, first_stand
  if precondition == 'cas' then
    record = call('HGET', conflicts, first)
    if not record then return '-conflict_unknown' end
    local version, alert = match(record, '^(%S+) (%S+)')
    if version ~= second or alert ~= third then return '-version_stale' end
    other = number_of[match(record, '(%S+) %S+$')]
    given = call('HGET', answers, first) or version
    stage, first_stand = match(fourth, '^(%a+)/(%d+)$')
    local sent = 0
    for whose, count in string.gmatch(given, ';(%S+) %S+ %S+ (%d+)') do
      if whose == party then sent = sent + tonumber(count) end
    end
    if sent >= tonumber(ARGV[11]) then return '-limit_answers' end
  end
  if not room_for(kind, #ARGV[at + 5]) then return '-store_full' end
  gone = math.max(now + retention, high) + slack
  -- What is compared with an alert calls for none itself: there is nothing to match.
  local seq, entry = append(kind, party, id, '0', sha, ARGV[at + 4], ARGV[at + 7], stamp, record)
  call('SET', once, entry, 'PXAT', whole(gone))
  if record then
    -- Its bytes last as long as what it answers: clean lets both go.
    call('SET', body, ARGV[at + 5])
    local rows, mine = {match(given, '^%d+')}, {}
    for whose, of, hash, times in string.gmatch(given, ';(%S+) (%S+) (%S+) (%d+)') do
      if whose == party and of == stage then
        mine[#mine + 1] = {hash, tonumber(times)}
      else
        rows[#rows + 1] = table.concat({whose, of, hash, times}, ' ')
      end
    end
    -- Each says for how many it counts: one that is not kept counts with the last that is.
    local last, over = mine[#mine], nil
    if #mine < math.max(1, tonumber(first_stand)) then
      mine[#mine + 1] = {sha, 1}
    elseif first_stand == '0' then
      mine[#mine], over = {sha, last[2] + 1}, last[1]
    else
      last[2], over = last[2] + 1, sha
    end
    for _, one in ipairs(mine) do
      rows[#rows + 1] = table.concat({party, stage, one[1], one[2]}, ' ')
    end
    call('HSET', answers, first, table.concat(rows, ';'))
    if over then call('ZADD', leaving, whole(now + retention), 'body:' .. over) end
    if other and other ~= number then tell(other, kind .. ' ' .. seq .. ' ' .. sha) end
  else
    call('SET', body, ARGV[at + 5], 'PXAT', whole(gone))
  end
  tell(number, kind .. ' ' .. seq .. ' ' .. sha)
  clock = now
  return '+' .. entry
end

if same_life then
  for at = first_charge, first_charge + charge_words - 1, 3 do
    charge(tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2]), hour)
  end
end
if not behind then
  for number = 1, arrivals do
    outcomes[number] = admit(next_arg + 1 + 19 * (number - 1), 9 + 8 * party_count + 3 * (number - 1))
  end
end
keep_books()

if head > before then
  if #waiting > 0 then call('ZADD', unmatched, unpack(waiting)) end
  local fields, hint = {'head', whole(head), 'clock', whole(clock), 'room', whole(room_told)}, {ARGV[12], whole(head)}
  for number = 1, party_count do
    if moved[number] then
      fields[#fields + 1], fields[#fields + 2] = asked[6 + number], whole(known[6 + number])
      hint[#hint + 1] = ARGV[first_party + number - 1]
    end
  end
  call('HSET', meta, unpack(fields))
  heard = call('PUBLISH', 'keepclear', table.concat(hint, ' '))
end
if same_life then
  for first = first_done, first_done + done_count - 1, 1000 do
    call('ZREM', unmatched, unpack(ARGV, first, math.min(first + 999, first_done + done_count - 1)))
  end
  if cursor < before then
    for _, found in ipairs(call('XRANGE', log, whole(cursor + 1) .. '-0', whole(before) .. '-0', 'COUNT', batch)) do
      entries[#entries + 1] = found[2][2]
    end
    for _, found in ipairs(call('XRANGE', gists, whole(cursor + 1) .. '-0', whole(before) .. '-0', 'COUNT', batch)) do
      handed[#handed + 1], handed[#handed + 2] = match(found[1], '^%d+'), found[2][2]
    end
  end
  for _, entry in ipairs(fresh) do
    if #entries < batch then entries[#entries + 1] = entry end
  end
end
return {epoch, terms, whole(head), whole(math.max(now, clock)), behind and 1 or 0, fired,
  call('ZRANGE', due, 0, 0, 'WITHSCORES')[2] or '-', outcomes, entries, call('ZRANGE', unmatched, 0, 999),
  handed, heard, whole(apart), whole(ahead), told}
