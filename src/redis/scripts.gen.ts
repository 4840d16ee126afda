// Made by scripts/statements.ts out of the Lua files beside; do not edit.

export const change = `local packed, at = ARGV[2], 1
local function number()
  local count
  count, at = struct.unpack('>I2', packed, at)
  return count
end
local function words(count)
  local all = { struct.unpack('>' .. string.rep('I4c0', count), packed, at) }
  at = table.remove(all)
  return all
end
local function isBehind(record, claim, lane)
  if claim == '' then return false end
  local below = '+inf'
  if record then
    local _, _, _, place, state, _, own = struct.unpack(layout, record)
    if state >= 128 then
      if place == 0 then return false end
      lane, below = own, '(' .. place
    end
  end
  if lane == '' then return false end
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', base .. 'l:' .. lane, '-inf', below)) do
    local stands = redis.call('GET', base .. 'r:' .. other)
    if stands then
      local _, _, _, _, state, owner = struct.unpack(layout, stands)
      if state % 16 ~= 1 or owner ~= claim then return true end
    end
  end
  return false
end
local function stamped(next, lane)
  local version, ends, changed, place = struct.unpack('>c8I6I6I4', next)
  if ends > 0 then ends = now + ends - 1 end
  if changed == 0 then changed = now end
  if place == 4294967295 then
    local last = redis.call('ZREVRANGE', base .. 'l:' .. lane, 0, 0, 'WITHSCORES')
    place = (last[2] or 0) + 1
  end
  return struct.pack('>c8I6I6I4', version, ends, changed, place) .. string.sub(next, 25)
end
local function queue(id, record, origin, lane)
  local ends, place, parked = 0, 0, false
  if record then
    local _, untilMs, _, at, state = struct.unpack(layout, record)
    ends, place, parked = untilMs, at, state % 16 ~= 4 and state >= 128
  end
  if parked and place == 0 then redis.call('ZADD', base .. 'd:' .. origin, ends, id)
  else redis.call('ZREM', base .. 'd:' .. origin, id) end
  if lane == '' then return end
  local places = base .. 'l:' .. lane
  if place > 0 then redis.call('ZADD', places, place, id) else redis.call('ZREM', places, id) end
  local first = redis.call('ZRANGE', places, 0, 0)[1]
  local head = first and redis.call('GET', base .. 'r:' .. first)
  if head then
    local _, untilMs = struct.unpack(layout, head)
    redis.call('ZADD', base .. 'h:' .. origin, untilMs, lane)
    redis.call('ZADD', base .. 'f', redis.call('ZCARD', places), lane)
  else
    redis.call('ZREM', base .. 'h:' .. origin, lane)
    redis.call('ZREM', base .. 'f', lane)
  end
end
local function run(command)
  command[2] = base .. command[2]
  if command[1] == 'ZADD' then command[3] = now end
  if command[1] == 'RPUSH' then command[3] = struct.pack('>I6', now) .. command[3] end
  redis.call(unpack(command))
end
local answers = {}
while at <= #packed do
  local id, expected, next, claim, gate, origin, lane, asks = unpack(words(8))
  local key = base .. 'r:' .. id
  local record = redis.call('GET', key)
  local version = record and string.sub(record, 1, 8) or ''
  local twice = next ~= '' and version == string.sub(next, 1, 8)
  local behind = not twice and isBehind(record, claim, gate)
  local fits = not twice and not behind and version == expected
  if fits and next == '' then
    redis.call('DEL', key)
  elseif fits then
    next = stamped(next, lane)
    redis.call('SET', key, next)
  end
  if fits and origin ~= '' then queue(id, next ~= '' and next, origin, lane) end
  for _ = 1, number() do
    local command = words(number())
    if fits then run(command) end
  end
  if fits or twice then
    answers[#answers + 1] = { 1, now }
  else
    local message = asks ~= '' and redis.call('GET', base .. 'm:' .. id)
    answers[#answers + 1] = { 0, now, record or '', behind and 1 or 0, message or '' }
  end
end
return answers`

export const common = `local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000)
local base = KEYS[1]
local layout = '>c8I6I6I4BBc0Hc0'`

export const due = `local origin, limit = ARGV[2], tonumber(ARGV[3])
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
return answer`

export const lockAcquire = `local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return { 0, redis.call('PTTL', KEYS[1]) } end
if not owner then redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', redis.call('INCR', KEYS[2])) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, redis.call('HGET', KEYS[1], 'token') }`

export const lockRelease = `if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

export const lockRenew = `if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

export const look = 'return { now, redis.call(ARGV[2], base, unpack(ARGV, 3)) }'

export const rate = `local gap = 1000 / ARGV[2]
local before = tonumber(redis.call('GET', base .. 'rate') or now)
local due = math.min(math.max(before, now - 100), now + gap)
if due > now then return { 0, tostring(due - now) } end
local granted = math.min(tonumber(ARGV[3]), math.floor((now - due) / gap) + 1)
redis.call('SET', base .. 'rate', string.format('%.6f', due + granted * gap))
return { granted, '0' }`

export const step = `local record = redis.call('GET', base .. 'r:' .. ARGV[2]) or ''
local known = redis.call('HGET', base .. 's:' .. ARGV[2], ARGV[4]) or ''
if string.sub(record, 1, 8) ~= ARGV[3] or known ~= ARGV[5] then return { 0, now, record, known } end
local next = ARGV[6]
if known == '' then next = struct.pack('>I6', now) .. string.sub(next, 7) end
redis.call('HSET', base .. 's:' .. ARGV[2], ARGV[4], next)
return { 1, next }`
