-- What they have in common, too: changing the tickets, and writing the value back.
--
-- Whoever waits is told by a notice: `x5` ticket 5 has expired, `r5` it was removed, `u5` it went with its daemon, `e5`
-- its expiry is another, `d` all are gone with their lock; nothing: somebody else is at the head. It only prompts
-- waiting daemons to ask.
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
    local word = (ending == EXPIRED or ending == TIMED_OUT) and 'x%d' or ending == UNHEARD and 'u%d' or 'r%d'
    tell(string.format(word, numbers[place]))
end

-- Takes the tickets out that `ending_of` gives an ending; how many.
local function drop(ending_of)
    local count, kept, dropped = #texts, 0, 0
    for place = 1, count do
        local ending = ending_of(place)
        if ending then
            ended(place, ending)
            dropped = dropped + 1
        else
            kept = kept + 1
            if kept < place then
                texts[kept], numbers[kept], expiries[kept] = texts[place], numbers[place], expiries[place]
            end
        end
    end
    if dropped == 0 then return 0 end
    for place = kept + 1, count do texts[place], numbers[place], expiries[place] = nil, nil, nil end
    changed = true
    notice = notice or ''
    return dropped
end

-- Takes the waiting tickets out whose only callers are at a daemon that is gone; no more than so many at a time.
local unheard_left = UNHEARD_MAX
local function drop_all_of(home)
    drop(function(place)
        if unheard_left == 0 or home_at(place) ~= home or string.find(texts[place], '"served": ', 1, true) then
            return
        end
        unheard_left = unheard_left - 1
        return UNHEARD
    end)
end

-- Whether a daemon listens to its own channel no more, at two looks some time apart; it is told of the ticket there.
-- Who cannot be looked at, or asks now, is there.
local function is_gone(home, number, token)
    local count
    if home ~= present then
        count = redis.pcall(
            'PUBLISH', CHANNEL_PREFIX .. 'daemon:' .. home, string.format('%d %d ', number, token) .. key)
    end
    if count ~= 0 then
        if silent[home] then silent[home], changed = nil, true end
        return false
    end
    silent.at, changed = now, true
    silent[home] = silent[home] or now
    return now - silent[home] >= LOOK_PERIOD
end

-- Once one daemon is missed the others are looked at as well, so that all that are gone are known by the next look.
local function look_at_others(home)
    local seen, count = {[home] = true}, 0
    for place = 2, #texts do
        local other = home_at(place)
        if other and not seen[other] then
            seen[other] = true
            is_gone(other, numbers[place], token_at(place))
            count = count + 1
            if count == HOMES_MAX then return end
        end
    end
end

-- Until when the called ticket is kept: for a look at its daemon, as long as that may take to claim it. One with a key
-- is kept to its end: whoever has the key may come back with it anywhere.
local function call(place, head)
    local latest = head['until']
    if not head.key then
        local next_look = head.home and (silent[head.home] or now) + LOOK_PERIOD
        latest = math.min(latest, head.called + (head.home and CLAIM_PERIOD or RETURN_PERIOD), next_look or latest)
    end
    head.expires = latest
    put(place, head)
end

-- How a ticket ends that is due, if it does: one that has been called may be given more time.
local function ending_of_due(place)
    if not string.find(texts[place], '"called": ', 1, true) then return EXPIRED end
    local head = ticket(place)
    if not head['until'] or now >= head['until'] then return EXPIRED end
    if not head.home then return UNHEARD end
    if now >= head.called + CLAIM_PERIOD or is_gone(head.home, head.number, head.token) then
        return UNHEARD, head.home
    end
    if silent[head.home] then look_at_others(head.home) end
    call(place, head)
end

local function drop_expired()
    local gone
    drop(function(place)
        if expiries[place] > now then return end
        local ending, home = ending_of_due(place)
        gone = gone or home
        return ending
    end)
    if gone then drop_all_of(gone) end
end

local function remove(place, ending)
    ended(place, ending)
    table.remove(texts, place)
    table.remove(numbers, place)
    table.remove(expiries, place)
    changed = true
    if place == 1 and #texts > 0 then notice = notice or '' end
end

-- The ticket at the head is served. One of acquire is only called: its daemon, which has the caller, claims it, and
-- where that is gone the next is called instead.
local function serve()
    while texts[1] and not string.find(texts[1], '"served": ', 1, true)
        and not string.find(texts[1], '"called": ', 1, true) do
        local head = ticket(1)
        if not head.lifetime then
            head.served = now
            note(SERVED, head.number, now - head.issued)
            put(1, head)
        elseif head.home and is_gone(head.home, head.number, head.token) and unheard_left > 0 then
            drop_all_of(head.home)
        else
            if silent[head.home or ''] then look_at_others(head.home) end
            head.called, head['until'] = now, head.expires
            call(1, head)
        end
    end
    -- What is known of daemons counts while somebody is called.
    if next(silent) and not (texts[1] and string.find(texts[1], '"called": ', 1, true)) then
        silent, changed = {}, true
    end
end

-- The value's field of daemons that did not listen.
local function silence()
    local fields = {}
    for home, since in pairs(silent) do
        fields[#fields + 1] = string.format('"%s": %d', home, since)
    end
    return fields[1] and ', "silent": {' .. table.concat(fields, ', ') .. '}' or ''
end

-- Somebody is there who has the ticket at the head: the lifetime of one of acquire starts.
local function claim()
    if string.find(texts[1], '"served": ', 1, true) then return end
    local head = ticket(1)
    head.served, head.called, head.home = now, nil, nil
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

-- Where a ticket stands, or why it cannot be had. An empty token is not looked at. What Rasa has written has no token
-- that protects it, so whatever a client gives for it is another's.
local function seek(number, token)
    local place = find(number)
    if not place then
        return nil, number >= 0 and number <= last_issued and GONE or NEVER_ISSUED
    end
    token = tonumber(token)
    if token and token ~= token_at(place) then return nil, MISMATCH end
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
            .. silence() .. (live and '}' or ', "deleted": true}'), 'PX', milliseconds)
    elseif live and not texts[1] then
        redis.call('PEXPIRE', key, milliseconds)
    end
    -- Nothing fails after the change is made: who is not told asks.
    if notice then redis.pcall('PUBLISH', channel, notice) end
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

