-- Found an agreement's line in the store, or answer what stands there already.
--
-- ARGV: 1 prefix, 2 a fresh epoch, 3 terms of the agreement at hand, 4 the agreement's bytes
-- Answers {epoch, terms in force, {terms, seq, ...} of all that ever were}.
local prefix = ARGV[1]
local meta = prefix .. 'meta'
if redis.call('HSETNX', meta, 'epoch', ARGV[2]) == 1 then
  redis.call('HSET', meta, 'head', '0', 'clock', '0', 'terms', ARGV[3])
  redis.call('SET', prefix .. 'terms:' .. ARGV[3], ARGV[4])
  redis.call('ZADD', prefix .. 'terms', 0, ARGV[3])
end
local known = redis.call('HMGET', meta, 'epoch', 'terms')
return {known[1], known[2], redis.call('ZRANGE', prefix .. 'terms', 0, -1, 'WITHSCORES')}
