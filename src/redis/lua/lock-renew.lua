-- renew: lets a lock last from now, for its owner alone. Answers 1, or 0 to anybody else.
--   KEYS[1] lock; ARGV[1] owner, 2 lease
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
