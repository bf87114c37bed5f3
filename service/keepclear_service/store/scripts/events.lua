-- Events of a party's stream behind a position.
--
-- KEYS: meta, stream
-- ARGV: 1 party, 2 position, 3 events at most
-- Answers {epoch, head of the stream, oldest position still there or '-', {position, event, ...}}.
local call, match = redis.call, string.match
local known = call('HMGET', KEYS[1], 'epoch', 'stream:' .. ARGV[1])
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local oldest, rows = call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1], {}
local after = string.format('%.0f', tonumber(ARGV[2]) + 1) .. '-0'
for _, event in ipairs(call('XRANGE', KEYS[2], after, '+', 'COUNT', ARGV[3])) do
  rows[#rows + 1], rows[#rows + 2] = match(event[1], '^%d+'), event[2][2]
end
return {known[1], known[2] or '0', oldest and match(oldest[1], '^%d+') or '-', rows}
