-- clock: the server's time in milliseconds, or that of a test.
--   ARGV[1] the test's ('' none)
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000)
local base = KEYS[1]

-- record: what of a record scripts look into; `record-bytes.ts` writes it.
--   version, until, changed, place, state and flags, claim id, lane
local layout = '>c8I6I6I4BBc0Hc0'
