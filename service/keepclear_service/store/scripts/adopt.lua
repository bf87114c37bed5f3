#!lua flags=allow-oom
-- Put a new revision of the agreement in force: an entry of the log like any other. A full store takes
-- them too: they may be what stops whoever fills it.
--
-- KEYS: meta, terms, log, unmatched, terms:<sha256>
-- ARGV: 1 terms that it follows, 2 its terms, 3 its bytes, 4 milliseconds by which a notice counts longer under it,
-- 5 prefix, 6 the worker's clock (ms), 7 ms that the clocks may differ
-- Answers 1, or 0 when other terms are in force than those that it follows.
local meta, call = KEYS[1], redis.call
local known = call('HMGET', meta, 'terms', 'head', 'clock', 'epoch', 'longer')
if not known[4] then return redis.error_reply('KEEPCLEAR no such line') end
if known[1] == ARGV[2] then return 1 end
if known[1] ~= ARGV[1] then return 0 end
local time = call('TIME')
local ticking = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local apart = ticking - tonumber(ARGV[6])
if math.abs(apart) > tonumber(ARGV[7]) then
  return redis.error_reply('KEEPCLEAR clocks ' .. string.format('%.0f', apart))
end
local stamp = string.format('%.0f', math.max(ticking, tonumber(known[3])))
local seq = string.format('%.0f', tonumber(known[2]) + 1)
-- What counts longer is kept longer, whatever its number: kept until means this many milliseconds more.
local longer = string.format('%.0f', tonumber(known[5] or '0') + tonumber(ARGV[4]))
call('SET', KEYS[5], ARGV[3])
call('ZADD', KEYS[2], seq, ARGV[2])
call('HSET', meta, 'head', seq, 'clock', stamp, 'terms', ARGV[2], 'longer', longer)
call('XADD', KEYS[3], seq .. '-0', 'e',
  table.concat({seq, 'terms', '-', '-', '0', ARGV[2], '-', stamp, ARGV[2], '-', known[4]}, ' '))
call('ZADD', KEYS[4], seq, seq)
call('PUBLISH', 'keepclear', ARGV[5] .. ' ' .. seq)
return 1
