-- A party's own view with the stream position that it is good for, read at one instant.
--
-- ARGV: 1 prefix, 2 party, 3 'notices', 'conflicts' or a notice id
-- Answers {epoch, position, clock, rows}.
local prefix, party, what = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HMGET', prefix .. 'meta', 'epoch', 'stream:' .. party, 'clock')
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local rows = {}
local function notice(id)
  local held = redis.call('HMGET', prefix .. 'notice:' .. party .. ':' .. id, 'revision', 'withdrawn', 'end')
  if not held[1] then return end
  local record = redis.call('HGET', prefix .. 'notice:' .. party .. ':' .. id, 'at:' .. held[1])
  local row = {record, held[2] or '', held[3] or ''}
  if what ~= 'notices' then row[4] = redis.call('GET', prefix .. 'body:' .. cjson.decode(record).sha) or '' end
  rows[#rows + 1] = row
end
if what == 'notices' then
  for _, id in ipairs(redis.call('ZRANGE', prefix .. 'own:' .. party, 0, -1)) do notice(id) end
elseif what == 'conflicts' then
  local objects = redis.call('HGETALL', prefix .. 'object:' .. party)
  for at = 1, #objects, 2 do
    rows[#rows + 1] = {objects[at], objects[at + 1], redis.call('HVALS', prefix .. 'answers:' .. objects[at])}
  end
else
  notice(what)
end
return {known[1], known[2] or '0', known[3], rows}
