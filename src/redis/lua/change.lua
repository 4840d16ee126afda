-- change: writes records that are still as they were decided on, with everything that goes with each; harmless when
-- sent twice. Answers for each {1, now}, or {0, now, record, behind, message} where somebody else was first.
--   KEYS[1] begins every name of the group
--   ARGV[1] clock, 2 all changes in one (`packing.ts`), each of eight words: id, version decided on ('' absent, '?' only
--   look), next record ('' none), claim id and lane of who must not stand behind anybody ('' whoever), origin and lane
--   that the record is or was parked in, whether to answer the message; and of commands, each of some words
local packed, at = ARGV[2], 1
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

-- Times are sent as distances from now, one greater; 0: none. A place of all ones: the end of the lane.
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

-- Due is what stands in no lane by its time, and each lane by the time of its first.
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

-- A score is the time of now, and so is the beginning of what is added to a list.
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
return answers
