#!lua flags=allow-oom
-- Use up a request proof. A full store takes it too: who cannot read does not know what it cannot see.
--
-- KEYS: proof
-- ARGV: 1 milliseconds for which it is remembered
-- Answers 1, or 0 when it was used before.
local proof = KEYS[1]
return redis.call('SET', proof, '1', 'NX', 'PX', ARGV[1]) and 1 or 0
