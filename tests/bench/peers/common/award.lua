-- One award: judged, entered in the member's ledger and answered, or nothing of it.
--     KEYS  member (hash), its ledger (stream), the answer to this request
--     ARGV  digest of the sale, now in ms, year, request id, unit, amount in minor units,
--           when it was sold, in ms
-- Answers done or replayed, seq, when recorded, points, score, balance, score of the year, tier;
-- or the reason of a refusal alone.
local MINOR_A_POINT = 100
local BASIS_POINTS = 10000
local TIERS = { -- highest first: name, score of a year, multiplier in basis points
    {'diamond', 50000, 15000},
    {'gold', 10000, 12500},
    {'silver', 2000, 11000},
    {'member', 0, 10000},
}

local answer = earlier(KEYS[3], ARGV[1])
if answer then
    return answer
end
local member = redis.call('HMGET', KEYS[1],
    'seq', 'balance', 'year', 'score', 'tier', 'multiplier')
if not member[1] then
    return {'UNKNOWN_MEMBER'}
end

local amount = tonumber(ARGV[6])
local points = math.floor(amount * tonumber(member[6]) / (MINOR_A_POINT * BASIS_POINTS))
local score = math.floor(amount / MINOR_A_POINT)
local seq = tonumber(member[1]) + 1
local balance = tonumber(member[2]) + points
local year_score = score + (member[3] == ARGV[3] and tonumber(member[4]) or 0)
local tier
for _, row in ipairs(TIERS) do
    if year_score >= row[2] then
        tier = row
        break
    end
end

redis.call('HSET', KEYS[1], 'seq', seq, 'balance', balance, 'score', year_score)
if member[3] ~= ARGV[3] then
    redis.call('HSET', KEYS[1], 'year', ARGV[3])
end
if member[5] ~= tier[1] then
    redis.call('HSET', KEYS[1], 'tier', tier[1], 'multiplier', tier[3])
end
redis.call('XADD', KEYS[2], '*', 'seq', seq, 'id', ARGV[4], 'unit', ARGV[5], 'amount', ARGV[6],
    'occurred', ARGV[7], 'points', points, 'score', score)
return answer_for_good(KEYS[3], ARGV[1], seq, tonumber(ARGV[2]), points, score, balance,
    year_score, tier[1])
