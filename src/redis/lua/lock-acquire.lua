-- acquire: takes a lock that nobody has, with the next token; its owner is answered the same again, for another lease.
-- Answers {1, token}, or {0, ms until it ends}.
--   KEYS[1] lock, 2 its last token; ARGV[1] owner, 2 lease
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return { 0, redis.call('PTTL', KEYS[1]) } end
if not owner then redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', redis.call('INCR', KEYS[2])) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, redis.call('HGET', KEYS[1], 'token') }
