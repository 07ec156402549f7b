-- The usual case done at once: a lock with no tickets, or with one that is served.
--
-- Making the functions of reading.lua and changing.lua and decoding JSON costs Redis more than all the rest. So a
-- value that looks just as the scripts write it is taken apart by position before them, put together again by joining
-- texts, and answered by a text. Moments have 16 digits until the year 2286. Quotes inside of a conversation ID are
-- escaped, so no ID looks like the fields behind it.
--
-- A ticket that has no key, for a lock that holds none. ARGV[9] is how long the value is kept, in milliseconds.
if ARGV[7] == '' and ARGV[2] ~= '0' then
    local beginning, number, last_token, state
    if value then
        local start, place = string.find(value, ', "tickets": [], "last_issued": ', 1, true)
        if place then
            number, last_token, state =
                string.match(value, '^(%-?%d+), "last_token": (%d+)([^}]*)}$', place + 1)
            beginning = string.sub(value, 1, start - 1)
        end
    else
        beginning = '{"conversation_id": ' .. cjson.encode(id)
        number, last_token, state = -1, 0, ', "deleted": true'
    end
    local is_new = state == ', "deleted": true'
    if number and (state == '' or is_new and ARGV[3] == '1') then
        local lifetime, fraction = tonumber(ARGV[5]), string.sub('00000' .. time[2], -6)
        local clock, ends, expires = time[1] .. fraction
        if lifetime % 1000000 == 0 then
            ends = time[1] + lifetime / 1000000
            ends, expires = ends .. fraction, ends .. '.' .. fraction
        else
            ends = string.format('%d', now + lifetime)
            expires = string.format('%.6f', (now + lifetime) / 1000000)
        end
        local token, token_min = clock, math.max(last_token + 1, tonumber(ARGV[8]))
        if token_min > now then token = string.format('%d', token_min) end
        number = number + 1
        redis.call(
            'SET', key, beginning .. ', "tickets": ["{\\"number\\": ' .. number
            .. ', \\"expires\\": ' .. expires .. ', \\"token\\": ' .. token
            .. ', \\"issued\\": ' .. clock .. ', \\"served\\": ' .. clock
            .. (ARGV[4] == 'acquire' and ', \\"lifetime\\": ' .. ARGV[5] or '')
            .. '}"], "last_issued": ' .. number .. ', "last_token": ' .. token .. '}', 'PX', ARGV[9])
        return '0 ' .. clock .. ' ' .. ends .. (is_new and ' 3 ' or ' 2 ') .. number .. ' ' .. token .. ' '
            .. ends .. ' ' .. number .. ' 0 1 ' .. number .. ' 0'
    end
end

