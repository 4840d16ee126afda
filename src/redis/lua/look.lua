-- look: one command that only reads, answered the same to every client; and the time, to all that ask.
--   KEYS[1] what to read; ARGV[1] clock, 2 command, 3 … what follows the key
return { now, redis.call(ARGV[2], base, unpack(ARGV, 3)) }
