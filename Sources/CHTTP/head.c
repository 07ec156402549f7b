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
static void keep_target(chttp_reading *reading, const char *path) {
    size_t length = strlen(path), missing = path[0] == '/' || path[0] == '*' ? 0 : 1;
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
    keep_target(reading, path_of(reading, target));
    bool blank = false;
    for (size_t i = 0; i < length; i++) blank |= (unsigned char)target[i] <= ' ' || target[i] == 0x7f;
    if (blank) note(reading, CHTTP_REFUSAL_TARGET);
    reading->line = target;
    // The arguments are read from the copy by those who want them: the library is to find none. It puts NUL in
    // place of the "?" later, so the byte behind it is theirs.
    char *arguments = memchr(target, '?', length);
    if (arguments && arguments[1] != 0) arguments[1] = 0;
    if (chttp_library_is_strict()) return;
    // The library has checked that the line ends with a version; where it is not at its place, a NUL was before.
    if (memcmp(target + length + 1, "HTTP/", 5) != 0) note(reading, CHTTP_REFUSAL_TARGET);
    reading->next_line = target + length + sizeof "HTTP/1.1";
    // Nor need it undo the escapes.
    target[0] = 0;
}

// MARK: Headers

enum { WANTED_COUNT = CHTTP_HEADER_COUNT + CHTTP_FRAMING_COUNT };

static const struct {
    const char *name;
    size_t length;
} wanted[WANTED_COUNT] = {
    [CHTTP_HEADER_HOST] = {"Host", 4},
    [CHTTP_HEADER_ORIGIN] = {"Origin", 6},
    [CHTTP_HEADER_CONTENT_TYPE] = {"Content-Type", 12},
    [CHTTP_HEADER_IDEMPOTENCY_KEY] = {"Idempotency-Key", 15},
    [CHTTP_HEADER_AUTHORIZATION] = {"Authorization", 13},
    [CHTTP_HEADER_COUNT + CHTTP_FRAMING_CONTENT_LENGTH] = {"Content-Length", 14},
    [CHTTP_HEADER_COUNT + CHTTP_FRAMING_TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
    [CHTTP_HEADER_COUNT + CHTTP_FRAMING_EXPECT] = {"Expect", 6},
};

static int find(const char *name, size_t length) {
    for (int i = 0; i < WANTED_COUNT; i++)
        if (wanted[i].length == length && strncasecmp(wanted[i].name, name, length) == 0) return i;
    return -1;
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
    if (length->length == 0 || strspn(length->value, "0123456789") != length->length)
        return CHTTP_REFUSAL_CONTENT_LENGTH;
    return length->length > 18 ? CHTTP_REFUSAL_BODY_TOO_LARGE : CHTTP_REFUSAL_NONE;
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

bool chttp_head_header(chttp_reading *reading, const char *name, size_t name_length, char *value, size_t length) {
    reading->saw_header = true;
    if (!chttp_library_is_strict()) {
        if (!follows(reading, name)) note(reading, CHTTP_REFUSAL_LINE_END);
        reading->next_line = value + length;
    }
    if (memchr(value, '\r', length)) note(reading, CHTTP_REFUSAL_HEADER_VALUE);
    int index = find(name, name_length);
    if (index < 0) {
        if (!is_token(name, name_length)) note(reading, CHTTP_REFUSAL_HEADER_NAME);
        if (name_length != 10 || strncasecmp(name, "Connection", 10) != 0) return false;
        reading->closes |= strcasestr(value, "close") != NULL;
        reading->keeps |= strcasestr(value, "keep-alive") != NULL;
        return true;
    }
    while (length > 0 && is_blank(value[length - 1])) length--;
    if (value[length] != 0) value[length] = 0;
    bool is_framing = index >= CHTTP_HEADER_COUNT;
    chttp_header_value *found =
        is_framing ? &reading->framing[index - CHTTP_HEADER_COUNT] : &reading->headers[index];
    if (found->value) note(reading, CHTTP_REFUSAL_HEADER_REPEATED);
    *found = (chttp_header_value){value, length};
    // With anything wrong the request is refused, whatever its body: the library shall not stumble over it.
    return is_framing && check_framing(reading) == CHTTP_REFUSAL_NONE && reading->wrong == CHTTP_REFUSAL_NONE;
}

// MARK: The whole

/// RFC 9110, 7.2: HOST or HOST:PORT, where HOST is a name or an address, IPv6 in brackets.
static bool is_host(const char *host, size_t length) {
    size_t end;
    if (length > 0 && host[0] == '[') {
        end = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        if (end == 1 || host[end] != ']') return false;
        end++;
    } else {
        end = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=");
        if (end == 0) return false;
    }
    if (end == length) return true;
    if (host[end] != ':') return false;
    return end + 1 + strspn(host + end + 1, "0123456789") == length && length - end <= 6;
}

static chttp_refusal check_host(const chttp_reading *reading, bool is_1_0) {
    const chttp_header_value *host = &reading->headers[CHTTP_HEADER_HOST];
    if (!host->value) return is_1_0 ? CHTTP_REFUSAL_NONE : CHTTP_REFUSAL_HOST_MISSING;
    if (!is_host(host->value, host->length)) return CHTTP_REFUSAL_HOST_INVALID;
    if (!reading->authority) return CHTTP_REFUSAL_NONE;
    bool is_same = reading->authority_length == host->length &&
                   strncasecmp(reading->authority, host->value, host->length) == 0;
    return is_same ? CHTTP_REFUSAL_NONE : CHTTP_REFUSAL_HOST_INVALID;
}

chttp_refusal chttp_head_end(chttp_reading *reading, const char *method, const char *version, const char *end) {
    if (!chttp_library_is_strict()) {
        if (method + strlen(method) + 1 != reading->line) note(reading, CHTTP_REFUSAL_TARGET);
        if (!follows(reading, end - 2) || end[-2] != 0 || end[-1] != 0) note(reading, CHTTP_REFUSAL_LINE_END);
    }
    if (reading->wrong != CHTTP_REFUSAL_NONE) return reading->wrong;
    if (!is_token(method, strlen(method))) return CHTTP_REFUSAL_MALFORMED;
    bool is_1_0 = strcmp(version, "HTTP/1.0") == 0;
    reading->closes |= is_1_0 && !reading->keeps;
    chttp_refusal refusal = check_host(reading, is_1_0);
    if (refusal != CHTTP_REFUSAL_NONE) return refusal;
    if (is_1_0 && reading->framing[CHTTP_FRAMING_TRANSFER_ENCODING].value) return CHTTP_REFUSAL_TRANSFER_ENCODING;
    return check_framing(reading);
}
