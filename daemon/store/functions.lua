#!lua name=loyalty_v1
-- The functions of store/redis.c inside Redis. A Redis Function has no rollback, so each reads
-- everything, validates, and only then writes; the first write is the only one that can still fail,
-- and it leaves nothing behind. Why the others cannot:
--   * APPEND: GETRANGE has shown the type; the caller bounds the length far below
--     proto-max-bulk-len (checked on connect).
--   * ZADD: ZCARD has shown the type; the score is a number we formatted.
--   * SET takes any key.
--   * memory, disk, role and replicas are judged by Redis at the first write and not again.
--   * permissions: ly1_check asks for all of them on connect.
-- XADD can fail (a foreign key of another type, a foreign entry that moved the last id past 0-*),
-- so it comes first. Should a later write fail all the same (an ACL changed meanwhile), the answer
-- is HALF: outcome unknown, never an error that looks definite.
--
-- Every reply is {tag, outcome, ...}: the tag is the caller's, echoed. An error reply therefore
-- means that nothing was written. append_if alone is of many accounts in one call, so there no call
-- may raise an error once something may have been written: each of its errors is that account's
-- own. All keys are declared. No amount is ever computed here.
-- The figures below are those of base/limits.h, asserted in redis_functions.c.

local HASH_BYTES = 16
local SUFFIX_BYTES = 65536
local LOG_BYTES = 16777216
local CLOCK_AHEAD_MS = 2000
local EVENTS_PAGE = 8
local ARCHIVE_PIECES = 256
local REVISION_BYTES = 8
local NO_HASH = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
local SENTINEL = '!'

local NO_PARTITION = 'the partition has not been created'

-- The tail is not the caller's: what others appended behind it, if that is all that happened.
local function behind(key, hash, from)
    if from < HASH_BYTES or redis.call('STRLEN', key) - from > SUFFIX_BYTES then
        return {'RELOAD'}
    end
    local bytes = redis.call('GETRANGE', key, from - HASH_BYTES, '-1')
    if string.sub(bytes, 1, HASH_BYTES) ~= hash then
        return {'RELOAD'}
    end
    return {'BEHIND', string.sub(bytes, HASH_BYTES + 1)}
end

-- One append, whose keys begin at k and arguments at a: the log's new length, {outcome, more}, or
-- Redis's error, after which nothing of it was written. This is the hot path: one read, two writes,
-- and two more calls only when the due instant moves.
local function append_one(store_now, keys, k, args, a)
    local call, log, due = redis.pcall, keys[k], args[a + 6]
    local tail = call('GETRANGE', log, '-16', '-1')
    if tail ~= args[a] and not (tail == '' and args[a] == NO_HASH and args[a + 1] == '0') then
        return type(tail) == 'string' and behind(log, args[a], args[a + 1] + 0) or tail
    end
    if args[a + 2] - store_now > CLOCK_AHEAD_MS then
        return {'CLOCK'}
    end
    if store_now > args[a + 3] + 0 then
        return {'EXPIRED'}
    end
    if due ~= '' then
        local count = call('ZCARD', keys[k + 2])
        if type(count) ~= 'number' then
            return count
        end
    end
    if args[a + 4] == '' then -- only the due instant moves
        local moved = call('ZADD', keys[k + 2], due, args[a + 7])
        return type(moved) == 'number' and call('STRLEN', log) or moved
    end
    local entry = call('XADD', keys[k + 1], 'NOMKSTREAM', '0-*', 'e', args[a + 5])
    if type(entry) ~= 'string' then
        return entry or {'FAILED', NO_PARTITION}
    end
    local length = call('APPEND', log, args[a + 4])
    if type(length) ~= 'number' then
        return {'HALF', length.err}
    end
    if due ~= '' then
        local added = call('ZADD', keys[k + 2], due, args[a + 7])
        if type(added) ~= 'number' then
            return {'HALF', added.err}
        end
    end
    return length
end

-- Appends to any accounts, each by itself: what becomes of one is nothing to the others. keys: of
-- each its account, ev and, if its due instant has changed, due; args: tag, then of each expected
-- hash, expected bytes, now, not_after, records ('' if only due moves), event, due ('' if it has
-- not changed; else followed by the account's id). Instants are milliseconds; now '0' is never
-- ahead; due may be '+inf'. The reply is the tag and what became of each.
local function append_if(keys, args)
    local time = redis.call('TIME')
    local store_now = time[1] * 1000 + time[2] / 1000
    local reply, count, k, a, last = {args[1]}, 1, 1, 2, #args
    while a <= last do
        count = count + 1
        reply[count] = append_one(store_now, keys, k, args, a)
        if args[a + 6] == '' then
            k, a = k + 2, a + 7
        else
            k, a = k + 3, a + 8
        end
    end
    return reply
end

-- keys: account, arch; args: tag, hash at the cut, bytes before the cut, snapshot, account id.
-- The archive entry has the fields a (account id) and p (the cut prefix).
local function compact_if(keys, args)
    local call, tag, cut = redis.call, args[1], args[3] + 0
    if cut < HASH_BYTES or call('GETRANGE', keys[1], cut - HASH_BYTES, cut - 1) ~= args[2] then
        return {tag, 'RELOAD'}
    end
    local prefix = call('GETRANGE', keys[1], '0', cut - 1)
    local compacted = args[4] .. call('GETRANGE', keys[1], cut, '-1')
    if #compacted > LOG_BYTES then
        return {tag, 'FAILED', 'the log would exceed its bound'}
    end
    if not call('XADD', keys[2], 'NOMKSTREAM', '0-*', 'a', args[5], 'p', prefix) then
        return {tag, 'FAILED', NO_PARTITION}
    end
    local set = redis.pcall('SET', keys[1], compacted)
    if set.err then
        return {tag, 'HALF', set.err}
    end
    return {tag, 'OK', #compacted}
end

-- keys: identifier; args: tag, member id, member it may be taken over from (empty: nobody).
local function claim(keys, args)
    local owner = redis.call('GET', keys[1])
    if owner == args[2] then
        return {args[1], 'OK'}
    end
    if owner and owner ~= args[3] then
        return {args[1], 'TAKEN', owner}
    end
    redis.call('SET', keys[1], args[2])
    return {args[1], 'OK'}
end

-- keys: identifier; args: tag, member id.
local function unclaim(keys, args)
    local owner = redis.call('GET', keys[1])
    if owner and owner ~= args[2] then
        return {args[1], 'TAKEN', owner}
    end
    if owner then
        redis.call('DEL', keys[1])
    end
    return {args[1], 'OK'}
end

-- keys: value, then the sets that its name leaves or enters; args: tag, the revision that must
-- stand ('' for none), the name, what to write: revision and bytes ('' to delete), then of each set
-- '1' if the name enters it, else '0'. Revisions are only compared here; the reply says which
-- stands.
local function put(keys, args)
    local call, tag = redis.call, args[1]
    local old = call('GET', keys[1]) or ''
    if string.sub(old, 1, REVISION_BYTES) ~= args[2] then
        return {tag, 'BEHIND', old}
    end
    for i = 2, #keys do
        local found = call('TYPE', keys[i]).ok
        if found ~= 'none' and found ~= 'set' then
            return {tag, 'FAILED', keys[i] .. ' is a ' .. found}
        end
    end
    if args[4] == '' then
        call('DEL', keys[1])
    else
        call('SET', keys[1], args[4])
    end
    for i = 2, #keys do
        local moved = redis.pcall(args[i + 3] == '1' and 'SADD' or 'SREM', keys[i], args[3])
        if type(moved) ~= 'number' then
            return {tag, 'HALF', moved.err}
        end
    end
    return {tag, 'OK', string.sub(args[4], 1, REVISION_BYTES)}
end

-- keys: set; args: tag, how many members it may have at most.
local function members(keys, args)
    if redis.call('SCARD', keys[1]) > args[2] + 0 then
        return {args[1], 'FAILED', 'the set is too large to be listed'}
    end
    return {args[1], 'OK', redis.call('SMEMBERS', keys[1])}
end

-- Whether an id stands behind another in the due index: by its bytes, whatever the locale.
local function stands_behind(id, other)
    for i = 1, math.min(#id, #other) do
        local left, right = string.byte(id, i), string.byte(other, i)
        if left ~= right then
            return left > right
        end
    end
    return #id > #other
end

-- keys: due; args: tag, instant until which, how many at most, instant and id behind which ('' for
-- the beginning). The first rank behind that place is searched among those of its instant, never by
-- the id's own rank, for that one may have moved. The reply goes on with ids and their instants.
local function due(keys, args)
    local call, key, from = redis.call, keys[1], 0
    if args[5] ~= '' then
        from = call('ZCOUNT', key, '-inf', '(' .. args[4])
        local behind = call('ZCOUNT', key, '-inf', args[4])
        while from < behind do
            local middle = math.floor((from + behind) / 2)
            if stands_behind(call('ZRANGE', key, middle, middle)[1], args[5]) then
                behind = middle
            else
                from = middle + 1
            end
        end
    end
    local last = math.min(from + args[3], call('ZCOUNT', key, '-inf', args[2])) - 1
    local page = last < from and {} or call('ZRANGE', key, from, last, 'WITHSCORES')
    return {args[1], 'OK', page}
end

-- keys: ev; args: tag, number of the last event that is known, how many more at most, bytes after
-- which there are no more. The reply goes on with the id of the oldest one kept ('' for none) and
-- the last one given, then of each event its id and what it carries.
local function events(keys, args)
    local call, reply = redis.call, {args[1], 'OK', '', ''}
    local info = call('XINFO', 'STREAM', keys[1])
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then
            reply[4] = info[i + 1]
        elseif info[i] == 'first-entry' and info[i + 1] then
            reply[3] = info[i + 1][1]
        end
    end
    local from, missing, room = '(0-' .. args[2], args[3] + 0, args[4] + 0
    while missing > 0 do
        local page = math.min(missing, EVENTS_PAGE)
        local entries = call('XRANGE', keys[1], from, '+', 'COUNT', page)
        for _, entry in ipairs(entries) do
            if room <= 0 then
                return reply
            end
            from, room = '(' .. entry[1], room - #entry[2][2]
            reply[#reply + 1] = entry[1]
            reply[#reply + 1] = entry[2][2]
        end
        missing = #entries < page and 0 or missing - page
    end
    return reply
end

-- keys: arch; args: tag, number from which ('0': the oldest), offset into that one, bytes at most.
-- The reply goes on as that of events, then of each piece the entry's id, account and length, the
-- offset, and bytes. Entries are large: one at a time is held.
local function archive(keys, args)
    local call, reply = redis.call, {args[1], 'OK', '', ''}
    local info = call('XINFO', 'STREAM', keys[1], 'FULL', 'COUNT', '1')
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then
            reply[4] = info[i + 1]
        elseif info[i] == 'entries' and info[i + 1][1] then
            reply[3] = info[i + 1][1][1]
        end
    end
    local wanted = args[2] == '0' and reply[3] or '0-' .. args[2]
    local from, room, pieces = wanted, args[4] + 0, 0
    while from ~= '' and room > 0 and pieces < ARCHIVE_PIECES do
        local entry = call('XRANGE', keys[1], from, '+', 'COUNT', '1')[1]
        if not entry then
            break
        end
        local prefix, offset = entry[2][4], entry[1] == wanted and args[3] + 0 or 0
        if offset < #prefix then
            local bytes = string.sub(prefix, offset + 1, offset + room)
            for _, value in ipairs({entry[1], entry[2][2], #prefix, offset, bytes}) do
                reply[#reply + 1] = value
            end
            room, pieces = room - #bytes, pieces + 1
        end
        from = '(' .. entry[1]
    end
    return reply
end

-- keys: due, ev, arch; args: tag. What stands in a partition, for who looks after it: how many
-- accounts have a due instant and the first of these ('' for none), events kept, the id of the
-- newest, entries that wait for the archive and about how much memory they take.
local function survey(keys, args)
    local call, last = redis.call, ''
    local info = call('XINFO', 'STREAM', keys[2])
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then
            last = info[i + 1]
        end
    end
    local due = call('ZCOUNT', keys[1], '-inf', '(+inf')
    local first = due > 0 and call('ZRANGE', keys[1], '0', '0', 'WITHSCORES')[2] or ''
    local waiting = call('XLEN', keys[3])
    local bytes = waiting > 0 and call('MEMORY', 'USAGE', keys[3]) or 0
    return {args[1], 'OK', due, first, call('XLEN', keys[2]), last, waiting, bytes}
end

-- keys: program, clock, partitions, epoch; args: tag, byte of the program to start from. Time comes
-- first.
local function head(keys, args)
    local call = redis.call
    local time = call('TIME')
    local store_now = time[1] * 1000 + math.floor(time[2] / 1000)
    return {
        args[1], 'OK', store_now, call('GET', keys[2]) or '0', call('GET', keys[3]) or '0',
        call('STRLEN', keys[1]), call('GETRANGE', keys[1], args[2], '-1'),
        call('GET', keys[4]) or '0',
    }
end

-- keys: clock; args: tag, instant.
local function set_clock(keys, args)
    local now = redis.call('GET', keys[1])
    if now and now + 0 > args[2] + 0 then
        return {args[1], 'FAILED', 'the test clock stands at ' .. now .. ' and never goes back'}
    end
    redis.call('SET', keys[1], args[2])
    return {args[1], 'OK'}
end

local function create_stream(key)
    if redis.call('EXISTS', key) == 0 then
        redis.call('XGROUP', 'CREATE', key, 'creation', '$', 'MKSTREAM')
        redis.call('XGROUP', 'DESTROY', key, 'creation')
    end
end

-- keys: ev, due, arch; args: tag. Can be repeated. ev comes last: where it exists, all do.
local function create_partition(keys, args)
    for i, wanted in ipairs({'stream', 'zset', 'stream'}) do
        local found = redis.call('TYPE', keys[i]).ok
        if found ~= 'none' and found ~= wanted then
            return {args[1], 'FAILED', keys[i] .. ' is a ' .. found}
        end
    end
    redis.call('ZADD', keys[2], '+inf', SENTINEL)
    create_stream(keys[3])
    create_stream(keys[1])
    return {args[1], 'OK'}
end

-- keys: partitions, epoch; args: tag, count. The last step of creation: where the count stands, all
-- partitions do, and the epoch of their events: when this was, by the store's clock in ms.
local function set_partitions(keys, args)
    local call = redis.call
    local count, time = call('GET', keys[1]), call('TIME')
    if count and count ~= args[2] then
        return {args[1], 'FAILED', 'there are ' .. count .. ' partitions already'}
    end
    if not count then
        call('SET', keys[2], time[1] .. string.format('%03d', math.floor(time[2] / 1000)), 'NX')
        call('SET', keys[1], args[2])
    end
    return {args[1], 'OK'}
end

-- args: tag. Whether this user may run every command above and those sent plainly.
local function check(_, args)
    local commands = {
        {'GETRANGE', 'ly:{0}:a:x', '0', '1'}, {'GET', 'ly:{0}:i:x'}, {'STRLEN', 'ly:{0}:a:x'},
        {'TIME'}, {'APPEND', 'ly:{0}:a:x', ''}, {'SET', 'ly:{0}:a:x', ''},
        {'XADD', 'ly:{0}:ev', '*', 'e', ''}, {'ZADD', 'ly:{0}:due', '0', 'x'},
        {'ZCARD', 'ly:{0}:due'}, {'ZSCAN', 'ly:{0}:due', '0'}, {'EXISTS', 'ly:{0}:ev'},
        {'TYPE', 'ly:{0}:ev'}, {'XGROUP', 'CREATE', 'ly:{0}:ev', 'g', '$'},
        {'XGROUP', 'DESTROY', 'ly:{0}:ev', 'g'}, {'DEL', 'ly:{0}:i:x'},
        {'ZCOUNT', 'ly:{0}:due', '-inf', '0'}, {'ZRANGE', 'ly:{0}:due', '0', '0'},
        {'SADD', 'ly:{0}:b:x', 'x'},
        {'SREM', 'ly:{0}:b:x', 'x'}, {'SCARD', 'ly:{0}:b:x'}, {'SMEMBERS', 'ly:{0}:b:x'},
        {'XINFO', 'STREAM', 'ly:{0}:ev'}, {'XRANGE', 'ly:{0}:ev', '-', '+'},
        {'XTRIM', 'ly:{0}:ev', 'MAXLEN', '~', '0'}, {'BGREWRITEAOF'},
        {'XLEN', 'ly:{0}:ev'}, {'MEMORY', 'USAGE', 'ly:{0}:arch'},
    }
    for _, command in ipairs(commands) do
        if not redis.acl_check_cmd(unpack(command)) then
            return {args[1], 'NOPERM', command[1]}
        end
    end
    return {args[1], 'OK'}
end

redis.register_function('ly1_append_if', append_if)
redis.register_function('ly1_compact_if', compact_if)
redis.register_function('ly1_claim', claim)
redis.register_function('ly1_unclaim', unclaim)
redis.register_function('ly1_put', put)
redis.register_function{
    function_name = 'ly1_members', callback = members, flags = {'no-writes'},
}
redis.register_function{function_name = 'ly1_due', callback = due, flags = {'no-writes'}}
redis.register_function{function_name = 'ly1_archive', callback = archive, flags = {'no-writes'}}
redis.register_function{function_name = 'ly1_events', callback = events, flags = {'no-writes'}}
redis.register_function{function_name = 'ly1_survey', callback = survey, flags = {'no-writes'}}
redis.register_function{function_name = 'ly1_head', callback = head, flags = {'no-writes'}}
redis.register_function('ly1_set_clock', set_clock)
redis.register_function('ly1_create_partition', create_partition)
redis.register_function('ly1_set_partitions', set_partitions)
redis.register_function{function_name = 'ly1_check', callback = check, flags = {'no-writes'}}
