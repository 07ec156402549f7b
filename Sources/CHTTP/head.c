#define _GNU_SOURCE
#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// libmicrohttpd 0.9.75 takes what RFC 9112 does not allow and what others read differently, which is how one
// request hides in another: two Content-Lengths, lines that end with LF alone, folded lines, names with blanks.
// Most of it is no longer to be seen in what it hands over. But it parses in place: it ends names, values and
// lines with NUL where they lie, so what stands between two of them shows how they were separated. A line end is
// two NULs if it was CR LF and one if it was LF; a folded line is left out of the chain. (NUL LF cannot be told
// from CR LF: both end the line.) 1.0 is strict by itself, and its memory is laid out in another way.

static void note(chttp_reading *reading, chttp_refusal refusal) {
    if (reading->wrong == CHTTP_REFUSAL_NONE) reading->wrong = refusal;
}

/// RFC 9110, 5.6.2: what a token may consist of.
static bool is_token_character(unsigned char byte) {
    static const uint32_t allowed[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    return (allowed[byte >> 5] >> (byte & 31)) & 1;
}

static bool is_token(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!is_token_character((unsigned char)bytes[i])) return false;
    return length > 0;
}

// MARK: The request line

/// Path and query of a target; what stands before them in a whole URL is kept as its authority.
static const char *path_of(chttp_reading *reading, const char *target) {
    if (target[0] == '/' || (target[0] == '*' && target[1] == 0)) return target;
    size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0) {
        note(reading, CHTTP_REFUSAL_TARGET);
        return target;
    }
    reading->authority = target + scheme;
    reading->authority_length = strcspn(reading->authority, "/?#");
    return reading->authority + reading->authority_length;
}

/// Keeps a copy. "/" goes before a path that has none.
static void keep_target(chttp_reading *reading, const char *path, size_t length) {
    size_t missing = path[0] == '/' || path[0] == '*' ? 0 : 1;
    char *copy = reading->target_inline;
    if (length + missing >= CHTTP_TARGET_INLINE_BYTES) copy = malloc(length + missing + 1);
    if (!copy) {
        note(reading, CHTTP_REFUSAL_INTERNAL);
        return;
    }
    copy[0] = '/';
    memcpy(copy + missing, path, length + 1);
    reading->target = copy;
    reading->target_length = length + missing;
}

void chttp_head_line(chttp_reading *reading, char *target) {
    size_t length = strlen(target);
    const char *path = path_of(reading, target);
    keep_target(reading, path, (size_t)(target + length - path));
    bool blank = false;
    for (size_t i = 0; i < length; i++) blank |= (unsigned char)target[i] <= ' ' || target[i] == 0x7f;
    if (blank) note(reading, CHTTP_REFUSAL_TARGET);
    reading->line = target;
    // The arguments are read from the copy by those who want them: the library is to find none. It puts NUL in
    // place of the "?" later, so the byte behind it is theirs.
    char *arguments = memchr(target, '?', length);
    if (arguments && arguments[1] != 0) arguments[1] = 0;
    if (chttp_library_is_strict) return;
    // The library has checked that the line ends with a version; where it is not at its place, a NUL was before.
    if (memcmp(target + length + 1, "HTTP/", 5) != 0) note(reading, CHTTP_REFUSAL_TARGET);
    reading->next_line = target + length + sizeof "HTTP/1.1";
    // Nor need it undo the escapes.
    target[0] = 0;
}

// MARK: Headers

enum { CONNECTION = CHTTP_HEADER_COUNT + CHTTP_FRAMING_COUNT, OTHER };

static int is(const char *wanted, const char *name, size_t length, int index) {
    return strncasecmp(wanted, name, length) == 0 ? index : OTHER;
}

/// Which of the headers it is that matter here; by their lengths, which differ but for one pair.
static int find(const char *name, size_t length) {
    switch (length) {
    case 4: return is("Host", name, length, CHTTP_HEADER_HOST);
    case 6:
        if ((name[0] | 0x20) == 'o') return is("Origin", name, length, CHTTP_HEADER_ORIGIN);
        return is("Expect", name, length, CHTTP_HEADER_COUNT + CHTTP_FRAMING_EXPECT);
    case 10: return is("Connection", name, length, CONNECTION);
    case 12: return is("Content-Type", name, length, CHTTP_HEADER_CONTENT_TYPE);
    case 13: return is("Authorization", name, length, CHTTP_HEADER_AUTHORIZATION);
    case 14: return is("Content-Length", name, length, CHTTP_HEADER_COUNT + CHTTP_FRAMING_CONTENT_LENGTH);
    case 15: return is("Idempotency-Key", name, length, CHTTP_HEADER_IDEMPOTENCY_KEY);
    case 17: return is("Transfer-Encoding", name, length, CHTTP_HEADER_COUNT + CHTTP_FRAMING_TRANSFER_ENCODING);
    default: return OTHER;
    }
}

static size_t digits(const char *text) {
    size_t count = 0;
    while (text[count] >= '0' && text[count] <= '9') count++;
    return count;
}

/// A line, of which `start` is the first byte, follows at once on what ended at `next_line`.
static bool follows(const chttp_reading *reading, const char *start) {
    const char *end = reading->next_line;
    return start == end + 2 && end[0] == 0 && end[1] == 0;
}

/// RFC 9112, 6: what says where the body ends must say it once.
static chttp_refusal check_framing(const chttp_reading *reading) {
    const chttp_header_value *length = &reading->framing[CHTTP_FRAMING_CONTENT_LENGTH];
    const chttp_header_value *coding = &reading->framing[CHTTP_FRAMING_TRANSFER_ENCODING];
    if (length->value && coding->value) return CHTTP_REFUSAL_CONTENT_LENGTH;
    if (coding->value && (coding->length != 7 || strncasecmp(coding->value, "chunked", 7) != 0))
        return CHTTP_REFUSAL_TRANSFER_ENCODING_UNKNOWN;
    if (!length->value) return CHTTP_REFUSAL_NONE;
    if (length->length == 0 || digits(length->value) != length->length)
        return CHTTP_REFUSAL_CONTENT_LENGTH;
    return length->length > 18 ? CHTTP_REFUSAL_BODY_TOO_LARGE : CHTTP_REFUSAL_NONE;
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

bool chttp_head_header(chttp_reading *reading, const char *name, size_t name_length, char *value,
                       size_t *value_length) {
    size_t length = *value_length;
    reading->saw_header = true;
    if (!chttp_library_is_strict) {
        if (!follows(reading, name)) note(reading, CHTTP_REFUSAL_LINE_END);
        reading->next_line = value + length;
    }
    int index = find(name, name_length);
    if (index == OTHER) {
        if (!is_token(name, name_length)) note(reading, CHTTP_REFUSAL_HEADER_NAME);
        return false;
    }
    if (index == CONNECTION) {
        reading->may_close |= strcasestr(value, "close") != NULL;
        return true;
    }
    if (length > 0 && is_blank(value[length - 1])) {
        while (length > 0 && is_blank(value[length - 1])) length--;
        value[length] = 0;
        *value_length = length;
    }
    bool is_framing = index >= CHTTP_HEADER_COUNT;
    chttp_header_value *found =
        is_framing ? &reading->framing[index - CHTTP_HEADER_COUNT] : &reading->headers[index];
    if (found->value) note(reading, CHTTP_REFUSAL_HEADER_REPEATED);
    *found = (chttp_header_value){value, length};
    if (!is_framing) return false;
    chttp_refusal refusal = check_framing(reading);
    if (refusal != CHTTP_REFUSAL_NONE) note(reading, refusal);
    // With anything wrong the request is refused, whatever its body: the library shall not stumble over it.
    return reading->wrong == CHTTP_REFUSAL_NONE;
}

// MARK: The whole

/// RFC 3986, 3.2.2: what a registered name or an IPv4 address may consist of.
static bool is_name_character(unsigned char byte) {
    static const uint32_t allowed[8] = {0, 0x2bff7ff2, 0x87fffffe, 0x47fffffe};
    return (allowed[byte >> 5] >> (byte & 31)) & 1;
}

/// The end of a name or address; 0 if there is none. Notes whether it is an address, or a name without a dot.
static size_t end_of_host(chttp_reading *reading, const char *host) {
    if (host[0] == '[') {
        size_t end = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        reading->host_is_local = true;
        return end > 1 && host[end] == ']' ? end + 1 : 0;
    }
    size_t end = 0;
    bool has_dot = false, has_other = false;
    for (; is_name_character((unsigned char)host[end]); end++) {
        has_dot |= host[end] == '.';
        has_other |= host[end] != '.' && (host[end] < '0' || host[end] > '9');
    }
    reading->host_is_local = !has_dot || !has_other;
    return end;
}

/// RFC 9110, 7.2: HOST or HOST:PORT, where HOST is a name or an address, IPv6 in brackets.
static bool is_host(chttp_reading *reading, const chttp_header_value *host) {
    size_t end = end_of_host(reading, host->value);
    if (end == 0 || end == host->length) return end > 0;
    if (host->value[end] != ':') return false;
    return end + 1 + digits(host->value + end + 1) == host->length && host->length - end <= 6;
}

/// As is_host(), for the same Host again and again.
static bool is_host_as_before(chttp_reading *reading, const chttp_header_value *host) {
    static _Thread_local struct {
        size_t length;
        bool is_local;
        char bytes[64];
    } before;
    if (host->length == before.length && memcmp(host->value, before.bytes, before.length) == 0) {
        reading->host_is_local = before.is_local;
        return true;
    }
    if (!is_host(reading, host)) return false;
    if (host->length > sizeof before.bytes) return true;
    before.length = host->length;
    before.is_local = reading->host_is_local;
    memcpy(before.bytes, host->value, host->length);
    return true;
}

static chttp_refusal check_host(chttp_reading *reading, bool is_1_0) {
    chttp_header_value *host = &reading->headers[CHTTP_HEADER_HOST];
    // In HTTP/1.0 a target's authority may stand alone, and is what the request is for.
    if (!host->value && is_1_0) *host = (chttp_header_value){reading->authority, reading->authority_length};
    if (!host->value) return is_1_0 ? CHTTP_REFUSAL_NONE : CHTTP_REFUSAL_HOST_MISSING;
    if (host->length == 0 || !is_host_as_before(reading, host)) return CHTTP_REFUSAL_HOST_INVALID;
    if (!reading->authority) return CHTTP_REFUSAL_NONE;
    bool is_same = reading->authority_length == host->length &&
                   strncasecmp(reading->authority, host->value, host->length) == 0;
    return is_same ? CHTTP_REFUSAL_NONE : CHTTP_REFUSAL_HOST_INVALID;
}

chttp_refusal chttp_head_end(chttp_reading *reading, const char *method, const char *version, const char *end) {
    if (!chttp_library_is_strict) {
        if (method + strlen(method) + 1 != reading->line) note(reading, CHTTP_REFUSAL_TARGET);
        if (!follows(reading, end - 2) || end[-2] != 0 || end[-1] != 0) note(reading, CHTTP_REFUSAL_LINE_END);
        // Those that ended a line with LF are gone.
        if (memchr(reading->line, '\r', (size_t)(end - reading->line))) note(reading, CHTTP_REFUSAL_HEADER_VALUE);
    }
    if (reading->wrong != CHTTP_REFUSAL_NONE) return reading->wrong;
    if (!is_token(method, strlen(method))) return CHTTP_REFUSAL_MALFORMED;
    bool is_1_0 = version[5] == '1' && version[7] == '0';
    reading->may_close |= is_1_0;
    chttp_refusal refusal = check_host(reading, is_1_0);
    if (refusal != CHTTP_REFUSAL_NONE) return refusal;
    bool is_coded = reading->framing[CHTTP_FRAMING_TRANSFER_ENCODING].value != NULL;
    return is_1_0 && is_coded ? CHTTP_REFUSAL_TRANSFER_ENCODING : CHTTP_REFUSAL_NONE;
}
