-- What most of the scripts have in common: functions that take the value apart.
--
-- The value is what Rasa's `TicketLock.dumps` writes, tickets as JSON in JSON, with fields of ours beside Rasa's. Rasa
-- ignores them, and loses them when it writes a lock back: what is left is then taken over. Moments and spans are
-- whole microseconds here; Redis's own clock is the only one. A ticket's text is not decoded unless more than its
-- number and expiry is wanted, which are read by a pattern when they are written as Rasa and we do.
local live = false -- the lock exists; what is left of a deleted one does not count
local changed = false -- the value must be written
local texts, numbers, expiries = {}, {}, {} -- the tickets in their order
local last_issued, last_token, token_floor = -1, 0, 0
local silent = {} -- daemons that did not listen, and since when; and `at`, the last look
local present = '' -- the daemon that asks
local journal = {} -- triples: what happened, the ticket's number, a span
local notice -- what waiting daemons are told

local SERVED, FINISHED, WITHDRAWN, EXPIRED, TIMED_OUT, DELETED, UNHEARD, KEYED = 1, 2, 3, 4, 5, 6, 7, 16
local OK, GONE, NEVER_ISSUED, MISMATCH, FULL, NO_ROOM, KEY_REUSED, TIMEOUT = 0, 1, 2, 3, 4, 5, 6, 7
local FAR = 9007199254740991

local function not_a_lock(what)
    error(redis.error_reply('NOTALOCK the value of ' .. key .. ' is not a ticket lock: ' .. what))
end

local function decoded(text, what)
    local ok, found = pcall(cjson.decode, text)
    if not ok or type(found) ~= 'table' then not_a_lock(what) end
    return found
end

local function ticket(place)
    local found = cjson.decode(texts[place])
    found.expires = expiries[place]
    return found
end

local function put(place, given)
    local text = string.format(
        '{"number": %d, "expires": %.6f, "token": %d, "issued": %d',
        given.number, given.expires / 1000000, given.token, given.issued)
    if given.called then
        text = text .. string.format(', "called": %d, "until": %d', given.called, given['until'] or given.expires)
    end
    if given.served then text = text .. string.format(', "served": %d', given.served) end
    if given.adopted then text = text .. ', "adopted": true' end
    if given.lifetime then text = text .. string.format(', "lifetime": %d', given.lifetime) end
    if given.home then text = text .. ', "home": "' .. given.home .. '"' end
    if given.key then
        text = text .. ', "key": ' .. cjson.encode(given.key) .. ', "request": '
            .. cjson.encode(given.request) .. string.format(', "callers": %d', given.callers)
            .. (given.left and ', "left": ' .. cjson.encode(given.left) or '')
    end
    texts[place], numbers[place], expiries[place] = text .. '}', given.number, given.expires
    changed = true
end

local function token_at(place)
    return tonumber(string.match(texts[place], '"token": (%d+)'))
end

-- The daemon that has the only caller of a ticket of acquire.
local function home_at(place)
    return string.match(texts[place], '"home": "(%x+)"')
end

local function next_token()
    last_token = math.max(last_token + 1, now, token_floor)
    return last_token
end

-- Takes over what Rasa has written: gives tokens to the tickets that have none; the old ones to those that
-- somebody knows, now or later. `known` has tickets by number.
local function adopt(known)
    local adopted = {}
    for place = 1, #texts do
        local found = ticket(place)
        found.number = numbers[place]
        local old = known and known[found.number]
        if not found.token and old
            and (not old.expires or math.abs(old.expires - found.expires) <= 1) then
            found.token, found.lifetime = old.token, old.lifetime
        end
        if found.token then last_token = math.max(last_token, found.token) end
        adopted[place] = found
    end
    for place, found in ipairs(adopted) do
        if not found.token then found.token, found.adopted = next_token(), true end
        found.issued = found.issued or now
        put(place, found)
    end
    changed = true
    -- Rasa tells nobody what it does; whoever waits finds out now.
    notice = ''
end

local function load(known)
    if not value then return end
    local lock = decoded(value, 'it is no JSON object')
    local tickets = lock.tickets
    if type(tickets) ~= 'table' then not_a_lock('it has no tickets') end
    last_issued = tonumber(lock.last_issued) or -1
    for place, text in ipairs(tickets) do
        if type(text) ~= 'string' then not_a_lock('a ticket is no string') end
        local number, expires = string.match(text, '^{"number": (%d+), "expires": (%d+%.?%d*)[,}]')
        number, expires = tonumber(number), tonumber(expires)
        if not number then
            local found = decoded(text, 'a ticket is no JSON object')
            number, expires = found.number, found.expires
            if type(number) ~= 'number' or type(expires) ~= 'number' then
                not_a_lock('a ticket has no number or no expiry')
            end
        end
        expires = math.floor(expires * 1000000 + 0.5)
        -- Rasa may write Infinity and NaN, which never expire there either.
        if not (expires < FAR) then expires = FAR end -- luacheck: ignore 581
        texts[place], numbers[place], expiries[place] = text, number, expires
        if number > last_issued then last_issued = number end
    end
    live = lock.deleted ~= true or #texts > 0
    if type(lock.silent) == 'table' and now - (lock.silent.at or 0) < 3 * LOOK_PERIOD then silent = lock.silent end
    if type(lock.last_token) == 'number' then last_token = lock.last_token else adopt(known) end
end

