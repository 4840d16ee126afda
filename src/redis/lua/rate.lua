-- rate: grants starts as `rate.ts` does. Answers how many, and the milliseconds to wait as text.
--   KEYS[1] begins every name of the group; ARGV[1] clock, 2 starts a second, 3 wanted
local gap = 1000 / ARGV[2]
local before = tonumber(redis.call('GET', base .. 'rate') or now)
local due = math.min(math.max(before, now - 100), now + gap)
if due > now then return { 0, tostring(due - now) } end
local granted = math.min(tonumber(ARGV[3]), math.floor((now - due) / gap) + 1)
redis.call('SET', base .. 'rate', string.format('%.6f', due + granted * gap))
return { granted, '0' }
