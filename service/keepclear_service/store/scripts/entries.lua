-- Entries of the log by their seq.
--
-- KEYS: log
-- ARGV: the seqs
-- Answers each entry, or '' for one that has gone.
local found = {}
for number, seq in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], seq .. '-0', seq .. '-0')[1]
  found[number] = entry and entry[2][2] or ''
end
return found
