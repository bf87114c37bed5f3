-- A page of a party's own notices, or one of them, with the stream position that they are good for, at one instant.
--
-- KEYS: meta, own, notices
-- ARGV: 1 party, 2 'all', 'live' or 'one', 3 behind which "ends.id" ('' begins), or the id, 4 how many
-- Answers {epoch, position, clock, rows, "ends.id" of the last if there may be more, else ''}.
local call, match = redis.call, string.match
local function whole(number) return string.format('%.0f', number) end
local known = call('HMGET', KEYS[1], 'epoch', 'stream:' .. ARGV[1], 'clock')
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local time = call('TIME')
local now = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[3]))
local wanted, last = {}, ''
if ARGV[2] == 'one' then
  wanted[1] = ARGV[3]
else
  local count, first = tonumber(ARGV[4]), 0
  if ARGV[2] == 'live' then first = call('ZCOUNT', KEYS[2], '-inf', '(' .. whole(now)) end
  local ends, id = match(ARGV[3], '^(%d+)%.(.+)$')
  if ends then
    local place
    if tonumber(call('ZSCORE', KEYS[2], id) or '-1') == tonumber(ends) then
      place = call('ZRANK', KEYS[2], id) + 1
    else
      -- It was amended or let go of meanwhile: rather those of the same end once more than one too few.
      place = call('ZCOUNT', KEYS[2], '-inf', '(' .. ends)
    end
    first = math.max(first, place)
  end
  wanted = call('ZRANGE', KEYS[2], first, first + count - 1)
  if #wanted == count then last = whole(call('ZSCORE', KEYS[2], wanted[count])) .. '.' .. wanted[count] end
end
local rows = {}
if #wanted > 0 then
  for _, row in ipairs(call('HMGET', KEYS[3], unpack(wanted))) do
    if row then rows[#rows + 1] = row end
  end
end
return {known[1], known[2] or '0', whole(now), rows, last}
