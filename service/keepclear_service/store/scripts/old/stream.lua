-- Events of a party's stream behind a position.
--
-- ARGV: 1 prefix, 2 party, 3 position, 4 events at most
-- Answers {epoch, head of the stream, oldest position still there or '', events}.
local prefix, party = ARGV[1], ARGV[2]
local stream = prefix .. 'stream:' .. party
local known = redis.call('HMGET', prefix .. 'meta', 'epoch', 'stream:' .. party)
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
local after = string.format('%.0f', tonumber(ARGV[3]) + 1) .. '-0'
return {known[1], known[2] or '0', oldest and oldest[1] or '', redis.call('XRANGE', stream, after, '+', 'COUNT', ARGV[4])}
