-- due: what may be taken now, the longest waiting first; of a lane the first, and behind it those that can go with it.
-- Answers now, and for each id, record, since when it waits.
--   KEYS[1] begins every name of the group; ARGV[1] clock, 2 origin, 3 limit
local origin, limit = ARGV[2], tonumber(ARGV[3])
local answer = { now }

local function tell(id, record)
  answer[#answer + 1] = id
  answer[#answer + 1] = record
  answer[#answer + 1] = redis.call('ZSCORE', base .. 'w', id) or tostring(now)
end

local function tellLane(lane)
  local ids = redis.call('ZRANGE', base .. 'l:' .. lane, 0, limit - 1)
  for at, id in ipairs(ids) do
    local record = redis.call('GET', base .. 'r:' .. id)
    if not record or #answer > limit * 3 then return end
    local _, ends, _, _, state = struct.unpack(layout, record)
    local failed = state % 16 == 3
    if at > 1 and (not failed or ends > now) then return end
    tell(id, record)
    if not failed then return end
  end
end

local function first(name)
  return redis.call('ZRANGEBYSCORE', base .. name .. origin, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
end
local alone, lanes = first('d:'), first('h:')
local a, l = 1, 1
while #answer <= limit * 3 and (alone[a] or lanes[l]) do
  if not lanes[l] or (alone[a] and tonumber(alone[a + 1]) <= tonumber(lanes[l + 1])) then
    local record = redis.call('GET', base .. 'r:' .. alone[a])
    if record then tell(alone[a], record) end
    a = a + 2
  else
    tellLane(lanes[l])
    l = l + 2
  end
end
return answer
