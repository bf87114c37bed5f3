-- Tell a line as it stands.
--
-- KEYS: meta, terms, log, unmatched
-- Answers {schema, epoch, terms in force, head, oldest entry's seq or '-', lowest unmatched or '-', clock, {terms, seq,
-- ...}, newest stamp}.
local call = redis.call
local known = call('HMGET', KEYS[1], 'schema', 'epoch', 'terms', 'head', 'clock')
if not known[2] then return redis.error_reply('KEEPCLEAR no such line') end
local time = call('TIME')
local clock = math.max(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(known[5]))
local oldest = call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
return {known[1] or '1', known[2], known[3], known[4], oldest and string.match(oldest[1], '^%d+') or '-',
  call('ZRANGE', KEYS[4], 0, 0)[1] or '-', string.format('%.0f', clock), call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES'),
  known[5]}
