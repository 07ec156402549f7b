-- What they have in common, too: changing the tickets, and writing the value back.
--
-- Whoever waits is told by a notice: `x5` ticket 5 has expired, `r5` it was removed, `e5` it expires earlier, `d` all
-- are gone with their lock; nothing: somebody else is at the head. It only prompts waiting daemons to ask.
local function tell(what)
    notice = notice and notice .. ' ' .. what or what
end

local function note(what, number, span)
    local count = #journal
    journal[count + 1], journal[count + 2], journal[count + 3] = what, number, span
end

-- Notes that a ticket has come to its end. A waiting one's callers are told.
local function ended(place, ending)
    local gone = ticket(place)
    local keyed = gone.key and KEYED or 0
    if gone.served then return note(ending + keyed, numbers[place], now - gone.served) end
    if ending == EXPIRED and gone.lifetime then ending = TIMED_OUT end
    note(ending + keyed, numbers[place], -1)
    tell(string.format((ending == EXPIRED or ending == TIMED_OUT) and 'x%d' or 'r%d', numbers[place]))
end

local function drop_expired()
    local count, kept = #texts, 0
    for place = 1, count do
        if expiries[place] > now then
            kept = kept + 1
            if kept < place then
                texts[kept], numbers[kept], expiries[kept] =
                    texts[place], numbers[place], expiries[place]
            end
        else
            ended(place, EXPIRED)
        end
    end
    if kept == count then return end
    for place = kept + 1, count do texts[place], numbers[place], expiries[place] = nil, nil, nil end
    changed = true
    notice = notice or ''
end

local function remove(place, ending)
    ended(place, ending)
    table.remove(texts, place)
    table.remove(numbers, place)
    table.remove(expiries, place)
    changed = true
    if place == 1 and #texts > 0 then notice = notice or '' end
end

-- The ticket at the head is served. One of acquire is only called: its daemon, which has the caller, claims
-- it, and where nobody is left to do so it is gone soon.
local function serve()
    if not texts[1] or string.find(texts[1], '"served": ', 1, true)
        or string.find(texts[1], '"called": ', 1, true) then
        return
    end
    local head = ticket(1)
    if head.lifetime then
        head.called = now
        head.expires = math.min(head.expires, now + math.min(head.lifetime, CLAIM_PERIOD))
    else
        head.served = now
        note(SERVED, head.number, now - head.issued)
    end
    put(1, head)
end

-- Somebody is there who has the ticket at the head: the lifetime of one of acquire starts.
local function claim()
    if string.find(texts[1], '"served": ', 1, true) then return end
    local head = ticket(1)
    head.served, head.called = now, nil
    if head.lifetime then head.expires = now + head.lifetime end
    put(1, head)
    note(SERVED, head.number, now - head.issued)
end

-- Gives a ticket that was taken over from Rasa the token that it had before; whether it was one.
local function reclaim(place, token, lifetime)
    local found = ticket(place)
    if not found.adopted then return false end
    found.token, found.lifetime, found.adopted = token, lifetime, nil
    if found.served and lifetime then found.expires = now + lifetime end
    put(place, found)
    return true
end

local function find(number)
    local guess = numbers[1] and number - numbers[1] + 1
    if guess and numbers[guess] == number then return guess end
    for place = 1, #numbers do
        if numbers[place] == number then return place end
    end
end

-- Where a ticket stands, or why it cannot be had. An empty token is not looked at.
local function seek(number, token)
    local place = find(number)
    if not place then
        return nil, number >= 0 and number <= last_issued and GONE or NEVER_ISSUED
    end
    token = tonumber(token)
    if token and token ~= token_at(place) and not (token <= now and reclaim(place, token)) then
        return nil, MISMATCH
    end
    return place
end

-- Writes what has changed, and tells. When the lock is to be forgotten counts from the value given back:
-- when it was last touched, or its last ticket expires; -1: there is no lock.
local function settle()
    serve()
    local latest = now
    for place = 1, #expiries do
        if expiries[place] > latest then latest = expiries[place] end
    end
    local milliseconds = math.ceil((latest - now + retention) / 1000)
    if changed then
        redis.call('SET', key, '{"conversation_id": ' .. cjson.encode(id) .. ', "tickets": '
            .. (texts[1] and cjson.encode(texts) or '[]')
            .. string.format(', "last_issued": %d, "last_token": %d', last_issued, last_token)
            .. (live and '}' or ', "deleted": true}'), 'PX', milliseconds)
    elseif live and not texts[1] then
        redis.call('PEXPIRE', key, milliseconds)
    end
    if notice then redis.call('PUBLISH', channel, notice) end
    return live and latest or -1
end

-- An answer of so many values, and behind them what happened.
local function reply(values)
    local count = #values
    for place = 1, #journal do values[count + place] = journal[place] end
    return values
end

local function ticket_reply(code, made, place)
    local score = settle()
    if not place then return reply({code, now, score, made, 0, 0, 0, 0, 0}) end
    return reply({
        code, now, score, made,
        numbers[place], token_at(place), expiries[place], numbers[1], place - 1})
end

local function queue_reply(code, removed)
    local score = settle()
    return reply({code, now, score, removed, #numbers, numbers[1] or 0})
end

