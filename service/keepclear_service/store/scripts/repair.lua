#!lua flags=allow-oom
-- Put a line's newest stamp back to the store's clock, in a new epoch: an entry of the log that has the terms in force
-- come into force again, so that all that counts is matched anew, by the time that is right. Budgets that fill again by
-- time are full: what was spent of them by the wrong time would be spent for as long as that was ahead.
--
-- KEYS: meta, log, unmatched; then spent of each party
-- ARGV: 1 newest stamp that the caller saw (ms), 2 a fresh epoch, 3 prefix, 4 the caller's clock (ms), 5 ms that the
-- clocks may differ
-- Answers 1, or 0 when the newest stamp is another, or not ahead of the store's clock.
local meta, call = KEYS[1], redis.call
local known = call('HMGET', meta, 'epoch', 'head', 'clock', 'terms')
if not known[1] then return redis.error_reply('KEEPCLEAR no such line') end
local time = call('TIME')
local ticking = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local apart = ticking - tonumber(ARGV[4])
if math.abs(apart) > tonumber(ARGV[5]) then
  return redis.error_reply('KEEPCLEAR clocks ' .. string.format('%.0f', apart))
end
if known[3] ~= ARGV[1] or tonumber(known[3]) <= ticking then return 0 end
local stamp = string.format('%.0f', ticking)
local seq = string.format('%.0f', tonumber(known[2]) + 1)
call('HSET', meta, 'epoch', ARGV[2], 'head', seq, 'clock', stamp)
call('XADD', KEYS[2], seq .. '-0', 'e',
  table.concat({seq, 'terms', '-', '-', '0', known[4], '-', stamp, known[4], '-', ARGV[2]}, ' '))
call('ZADD', KEYS[3], seq, seq)
-- And alerts:PARTY, told:BUDGET.
local filled = {submits = true, acknowledgements = true, pairs = true, shut = true, alone = true}
for at = 4, #KEYS do
  for _, field in ipairs(call('HKEYS', KEYS[at])) do
    if filled[field] or string.find(field, '^%a+:') then call('HDEL', KEYS[at], field) end
  end
end
call('PUBLISH', 'keepclear', ARGV[3] .. ' ' .. seq)
return 1
