-- What each party has spent of its budgets: a part of admit.lua, which includes it.
--
-- Of a budget that fills again evenly one number is kept: the ms at which it will be full again. What is spent moves it
-- on, as long as the whole budget's period lies between it and now. `days` are the prices paid by day; `kept` and `caused`
-- the bytes of alerts by the day on which they go, those that count against the party and all that its notices caused;
-- `shut` is until when no notice is taken for its pairs, `alone` until when a worker may have no room for that party;
-- `told:` is until when the others know that a budget is spent, and the entry that tells it.
local minute, hour, day, five_minutes = 60000, 3600000, 86400000, 300000
local largest = 524288 -- bytes of a submission: below it some notices find room and others none
local beside = 2048 -- bytes of links, places and names that a notice takes besides its own
local function budget(at) return tonumber(ARGV[first_budget + at]) end
local most_live, most_bytes, most_price = budget(0), budget(1), budget(2)
local a_submit, an_acknowledgement, a_pair, an_alert = budget(3), budget(4), budget(5), budget(6)
local books, told = {}, 0
local room_told = tonumber(known[6] or '0') -- until when anybody is told to find no room

local function book(number)
  local held = books[number]
  if held then return held end
  local spent = KEYS[8 + 8 * number]
  local fields = {'submits', 'acknowledgements', 'pairs', 'shut', 'bytes', 'days', 'kept', 'caused'}
  for other = 1, party_count do
    if other ~= number then fields[#fields + 1] = 'alerts:' .. ARGV[first_party + other - 1] end
  end
  local values = call('HMGET', spent, unpack(fields))
  held = {fields = fields, changed = {}}
  for at, field in ipairs(fields) do held[field] = values[at] or '0' end
  books[number] = held
  return held
end

local function put(number, field, value)
  local held = book(number)
  held[field] = value
  if not held.changed[field] then
    held.changed[field] = true
    held.changed[#held.changed + 1] = field
  end
end

-- What stands by day: rows of day and amount that are not over, and their sum. Where clocks are apart none is.
local function by_day(text)
  local rows, sum, today = {}, 0, off and 0 or math.floor(now / day)
  for date, amount in string.gmatch(text, '(%d+):(%d+)') do
    if tonumber(date) >= today then
      rows[#rows + 1] = {tonumber(date), tonumber(amount)}
      sum = sum + rows[#rows][2]
    end
  end
  return rows, sum
end

local function add_on_day(number, field, rows, date, amount)
  local found
  for _, one in ipairs(rows) do
    if one[1] == date then found = one end
  end
  if not found then
    found = {date, 0}
    rows[#rows + 1] = found
  end
  found[2] = found[2] + amount
  local words = {}
  for at, one in ipairs(rows) do words[at] = whole(one[1]) .. ':' .. whole(one[2]) end
  put(number, field, table.concat(words, ' '))
end

local function charge(number, field, cost, period)
  local kept, date = match(field, '^(%a+):(%d+)$')
  if kept == 'kept' or kept == 'caused' then
    return add_on_day(number, kept, by_day(book(number)[kept]), tonumber(date), cost)
  end
  local sure = off and math.min(ticking, theirs, now) or now
  local full = math.max(tonumber(book(number)[field] or '0'), sure) + cost
  -- Never deeper in debt than by the whole budget.
  put(number, field, format('%.17g', math.min(full, sure + 2 * period)))
end

local function mark_of(number, name)
  local held, mark = book(number), 'told:' .. name
  if not held[mark] then held[mark] = call('HGET', KEYS[8 + 8 * number], mark) or '0' end
  return mark, tonumber(match(held[mark], '^%d+'))
end

local function say(number, name, till)
  local seq = append('budget', ARGV[first_party + number - 1], name, '0', '-', '-', whole(till), whole(now), true)
  for each = 1, party_count do tell(each, 'budget ' .. seq .. ' -') end
  put(number, 'told:' .. name, whole(till) .. ' ' .. seq)
  clock, told = now, told + 1
  if name == 'room' then room_told = math.max(room_told, till) end
end

-- Everybody is told that a party may be refused, at least until an instant, unless what they know covers a while yet:
-- what is refused late in it is covered, too.
local function tell_all(number, name, till)
  local _, covered = mark_of(number, name)
  if covered <= now + five_minutes / 2 then say(number, name, till) end
end

local function over(number, name, left, again)
  -- That answers are refused hides nothing that its party flies, and how many it owes is others' doing.
  if name ~= 'acknowledgements_a_minute' then
    tell_all(number, name, math.min(math.max(again, now + five_minutes), now + day))
  end
  return '#' .. table.concat({name, whole(left), whole(again), whole(now)}, ' ')
end

-- Refuse a notice for which the store has no room, or `alone` its party none with a worker: it is no budget of its
-- party's, yet what that flies is not known here.
local function no_room(number, alone)
  if alone then put(number, 'alone', whole(now + five_minutes)) end
  tell_all(number, 'room', now + five_minutes)
  return '-store_full'
end

local function tell_full()
  for number = 1, party_count do tell_all(number, 'room', now + five_minutes) end
end

-- That there is room again is told, too, but of those that have none for a reason of their own.
local function tell_room()
  local later = 0
  for number = 1, party_count do
    local _, covered = mark_of(number, 'room')
    local alone = tonumber(call('HGET', KEYS[8 + 8 * number], 'alone') or '0')
    if covered > now and alone <= now then
      say(number, 'room', now)
    elseif covered > now then
      later = covered
    end
  end
  room_told = later
end

-- Of each statement that comes to be admitted; what it is refused with, or nil.
local function arrives(number, kind)
  local held = book(number)
  local field, cost, name = 'submits', a_submit, 'submits_a_minute'
  if kind == 'acknowledgement' then
    field, cost, name = 'acknowledgements', an_acknowledgement, 'acknowledgements_a_minute'
  elseif kind ~= 'notice' then
    return nil
  else
    local shut, full = tonumber(held.shut), tonumber(held.pairs)
    if shut <= now and full + a_pair - now > hour then
      -- How deep the debt is would tell how much of others is near.
      shut = (math.floor((full + a_pair - hour) / five_minutes) + 1) * five_minutes
      put(number, 'shut', whole(shut))
    end
    if shut > now then return over(number, 'pairs_an_hour', 0, shut) end
    for at = 9, #held.fields do
      full = tonumber(held[held.fields[at]]) + an_alert
      if full - now > hour then return over(number, 'alerts_an_hour', 0, math.ceil(full - hour)) end
    end
  end
  local full = math.max(tonumber(held[field]), now) + cost
  if full - now > minute then return over(number, name, 0, math.ceil(full - minute)) end
  put(number, field, format('%.17g', full))
  return nil
end

-- Whether the parties' notices together have made the store keep more than all of them agreed on.
function all_agreed_is_taken()
  local sum = 0
  for number = 1, party_count do
    local _, caused = by_day(book(number).caused)
    sum = sum + tonumber(book(number).bytes) + caused
  end
  return sum > party_count * most_bytes
end

-- Of a notice that may be admitted otherwise: `ends` is of its last window, `was` the end of the revision before or nil.
local function adds(number, bytes, price, ends, was)
  local own, notices = KEYS[2 + 8 * number], KEYS[3 + 8 * number]
  local held = book(number)
  if ends >= now and not (was and was >= now) and call('ZCOUNT', own, whole(now), '+inf') >= most_live then
    local first = call('ZRANGEBYSCORE', own, whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return over(number, 'live_notices', 0, tonumber(first[2]) + 1)
  end
  local kept, counted = by_day(held.kept)
  local used = tonumber(held.bytes) + counted
  if used + bytes > most_bytes then
    local oldest = call('ZRANGE', own, 0, 0)[1]
    local row = oldest and call('HGET', notices, oldest)
    local keep = row and tonumber(match(row, '^%S+ %S+ %S+ (%S+)')) + longer or math.huge
    for _, one in ipairs(kept) do keep = math.min(keep, (one[1] + 1) * day - 1) end
    if keep == math.huge then keep = now end
    return over(number, 'stored_bytes', math.max(0, most_bytes - used), math.max(now + minute, keep + 1))
  end
  local days, date, paid = by_day(held.days), math.floor(math.max(now, ends) / day), 0
  for _, one in ipairs(days) do
    if one[1] == date then paid = one[2] end
  end
  if paid + price > most_price then
    return over(number, 'volume_time_a_day', math.max(0, most_price - paid), (date + 1) * day)
  end
  add_on_day(number, 'days', days, date, price)
  return nil
end

local function stores(number, bytes)
  put(number, 'bytes', whole(tonumber(book(number).bytes) + bytes))
end

local function keep_books()
  for number = 1, party_count do
    local held = books[number]
    if held and #held.changed > 0 then
      local spent, words = KEYS[8 + 8 * number], {}
      for at, field in ipairs(held.changed) do words[2 * at - 1], words[2 * at] = field, held[field] end
      call('HSET', spent, unpack(words))
    end
  end
end
