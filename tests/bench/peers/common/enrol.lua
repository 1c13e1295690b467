-- Enrols a member.
--     KEYS  member (hash), the answer to this request
--     ARGV  digest, now in ms, year
-- Answers done or replayed, seq, when enrolled; or the reason of a refusal alone.
local answer = earlier(KEYS[2], ARGV[1])
if answer then
    return answer
end
if redis.call('EXISTS', KEYS[1]) == 1 then
    return {'ALREADY_ENROLLED'}
end
redis.call('HSET', KEYS[1], 'seq', 1, 'enrolled', ARGV[2], 'balance', 0, 'year', ARGV[3],
    'score', 0, 'tier', 'member', 'multiplier', 10000)
return answer_for_good(KEYS[2], ARGV[1], 1, tonumber(ARGV[2]))
