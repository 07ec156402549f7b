local function lock_reply(code, made, is_touched)
    local score = is_touched and settle() or live and now or -1
    local answer = {code, now, score, made, last_issued, #numbers}
    if code ~= OK then return reply(answer) end
    for place = 1, #numbers do
        local found = ticket(place)
        local count = #answer
        answer[count + 1], answer[count + 2] = numbers[place], found.token
        answer[count + 3], answer[count + 4] = found.issued, expiries[place]
        answer[count + 5], answer[count + 6] = found.lifetime or -1, found.key and 1 or 0
    end
    return reply(answer)
end

