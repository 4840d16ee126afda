-- step: writes a step, if its record and the step are still as they were decided on.
-- Answers {1, step}, or {0, now, record, step} where somebody else was first.
--   KEYS[1] begins every name of the group
--   ARGV[1] clock, 2 id, 3 version of the record ('?' only look), 4 step, 5 known ('' none), 6 next
local record = redis.call('GET', base .. 'r:' .. ARGV[2]) or ''
local known = redis.call('HGET', base .. 's:' .. ARGV[2], ARGV[4]) or ''
if string.sub(record, 1, 8) ~= ARGV[3] or known ~= ARGV[5] then return { 0, now, record, known } end
local next = ARGV[6]
-- Begun now, where it was not known before.
if known == '' then next = struct.pack('>I6', now) .. string.sub(next, 7) end
redis.call('HSET', base .. 's:' .. ARGV[2], ARGV[4], next)
return { 1, next }
