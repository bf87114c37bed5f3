-- Which version of a conflict's alert to a party stands, with its bytes.
--
-- KEYS: alerts; conflicts for each party
-- ARGV: for each alert the number of its party, and its conflict
-- Answers each version; 0 where there is none, or its bytes are not there.
local call, found = redis.call, {}
for at = 1, #ARGV, 2 do
  local place = 1 + tonumber(ARGV[at])
  local record = call('HGET', KEYS[place], ARGV[at + 1])
  local version, sha = string.match(record or '', '^(%S+) (%S+)')
  found[#found + 1] = version and call('HEXISTS', KEYS[1], sha) == 1 and version or '0'
end
return found
