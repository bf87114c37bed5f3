-- A page of a party's conflicts, or some of them, with the stream position that they are good for, read at one instant.
--
-- KEYS: meta, rank, conflicts, answers
-- ARGV: 1 party, 2 'page' or 'named', then behind which rank ('' begins) and how many; or the conflicts
-- Answers {epoch, position, {conflict, record, answers, ...}, rank of the last if there may be more, else ''}.
local call = redis.call
local known = call('HMGET', KEYS[1], 'epoch', 'stream:' .. ARGV[1])
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local wanted, rows, last = {}, {}, ''
if ARGV[2] == 'page' then
  local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
  local ranks = call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, ARGV[4])
  for number, rank in ipairs(ranks) do wanted[number] = string.match(rank, '^[^.]*%.(.*)$') end
  if #ranks == tonumber(ARGV[4]) then last = ranks[#ranks] end
else
  for at = 3, #ARGV do wanted[at - 2] = ARGV[at] end
end
if #wanted > 0 then
  local records = call('HMGET', KEYS[3], unpack(wanted))
  local answers = call('HMGET', KEYS[4], unpack(wanted))
  for number, record in ipairs(records) do
    if record then
      local at = #rows
      rows[at + 1], rows[at + 2], rows[at + 3] = wanted[number], record, answers[number] or ''
    end
  end
end
return {known[1], known[2] or '0', rows, last}
