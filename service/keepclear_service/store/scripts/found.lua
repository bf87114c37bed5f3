-- Found a line where there is none.
--
-- KEYS: meta, terms, terms:<sha256>
-- ARGV: 1 schema, 2 a fresh epoch, 3 terms, 4 the agreement's bytes
-- Answers the terms in force, and 1 if it was founded just now.
local call = redis.call
local standing = call('HGET', KEYS[1], 'terms')
if standing then return {standing, 0} end
call('HSET', KEYS[1], 'schema', ARGV[1], 'epoch', ARGV[2], 'head', '0', 'clock', '0', 'terms', ARGV[3], 'longer', '0')
call('SET', KEYS[3], ARGV[4])
call('ZADD', KEYS[2], 0, ARGV[3])
return {ARGV[3], 1}
