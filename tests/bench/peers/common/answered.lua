-- Stands before each script: a request takes effect once, and its retries get the first answer for
-- as long as they may come.
local HORIZON_SECONDS = 400 * 86400

-- The answer this request was given, nil if it is new.
local function earlier(key, digest)
    local kept = redis.call('GET', key)
    if not kept then
        return nil
    end
    local answer = cmsgpack.unpack(kept)
    if answer[1] ~= digest then
        return {'ID_CONFLICT'}
    end
    answer[1] = 'replayed'
    return answer
end

local function answer_for_good(key, digest, ...)
    redis.call('SET', key, cmsgpack.pack({digest, ...}), 'EX', HORIZON_SECONDS)
    return {'done', ...}
end
