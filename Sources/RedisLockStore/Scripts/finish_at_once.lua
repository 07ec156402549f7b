-- Finishes the only ticket, which is served. IS_CLEANUP is set before it; ARGV[4] is the retention in milliseconds.
do
    local start, place
    if value then
        start, place = string.find(
            value, ', "tickets": ["{\\"number\\": ' .. ARGV[2] .. ', \\"expires\\": ', 1, true)
    end
    if place then
        local text = string.sub(value, place + 1)
        local token, served = string.sub(text, 31, 46), tonumber(string.sub(text, 91, 106))
        local close, tail = string.find(text, '}"], "last_issued": ', 107, true)
        if close and served and (ARGV[3] == '' or ARGV[3] == token)
            and string.sub(text, 18, 30) == ', \\"token\\": ' and string.sub(text, 77, 90) == ', \\"served\\": '
            and (close == 107 or string.match(string.sub(text, 107, close - 1), '^, \\"lifetime\\": %d+$'))
            and string.sub(text, 1, 17) * 1000000 > now then
            local clock = time[1] .. string.sub('00000' .. time[2], -6)
            redis.call(
                'SET', key, string.sub(value, 1, start - 1) .. ', "tickets": [], "last_issued": '
                .. string.sub(text, tail + 1, -2) .. (IS_CLEANUP and ', "deleted": true}' or '}'), 'PX', ARGV[4])
            return '0 ' .. clock .. (IS_CLEANUP and ' -1 3' or ' ' .. clock .. ' 1') .. ' 0 0 2 ' .. ARGV[2] .. ' '
                .. now - served
        end
    end
end

