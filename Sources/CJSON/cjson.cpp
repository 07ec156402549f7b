#include "cjson.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <simdjson.h>

struct cjson_parser {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    char *buffer;
    size_t capacity;
};

cjson_parser *cjson_parser_new(size_t document_bytes_max) {
    auto *parser = new (std::nothrow) cjson_parser;
    if (parser == nullptr) return nullptr;
    parser->capacity = document_bytes_max;
    parser->buffer = new (std::nothrow) char[document_bytes_max + simdjson::SIMDJSON_PADDING];
    if (parser->buffer == nullptr || parser->parser.allocate(document_bytes_max) != simdjson::SUCCESS) {
        cjson_parser_free(parser);
        return nullptr;
    }
    return parser;
}

void cjson_parser_free(cjson_parser *parser) {
    delete[] parser->buffer;
    delete parser;
}

// simdjson refuses a whole document for one number that it cannot hold, and does not say which. So that the field can
// be named, such numbers are made strings that begin like this one, as long as they were, and it is read again.
static const char huge_mark[] = "\xEE\x80\x80";  // U+E000, for private use

static bool is_huge_mark(std::string_view text) { return text.substr(0, 3) == huge_mark; }

/// The end of the number that begins at `start`, as RFC 8259 writes numbers or longer.
static char *end_of_number(char *start) {
    return start + std::strspn(start, "0123456789+-.eE");
}

/// RFC 8259, 6: [ minus ] int [ frac ] [ exp ]
static bool looks_like_number(std::string_view text) {
    size_t at = text[0] == '-';
    auto digits = [&] {
        size_t start = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') at++;
        return at > start;
    };
    if (at < text.size() && text[at] == '0') at++;
    else if (!digits()) return false;
    if (at < text.size() && text[at] == '.' && (at++, !digits())) return false;
    if (at < text.size() && (text[at] | 0x20) == 'e') {
        at++;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
        if (!digits()) return false;
    }
    return at == text.size();
}

/// Neither in int64_t, nor in uint64_t, nor, with a fraction or an exponent, in a finite double. The document goes on
/// behind it, which ends it for strtod as for us.
static bool is_huge(std::string_view number) {
    if (number.find_first_of(".eE") != std::string_view::npos) return std::isinf(std::strtod(number.data(), nullptr));
    errno = 0;
    if (number[0] == '-') std::strtoll(number.data(), nullptr, 10);
    else std::strtoull(number.data(), nullptr, 10);
    return errno == ERANGE;
}

/// Whether any number was marked.
static bool mark_huge_numbers(char *document) {
    bool found = false, in_string = false;
    for (char *at = document; *at != 0; at++) {
        if (in_string && *at == '\\' && at[1] != 0) {
            at++;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if (!in_string && (*at == '-' || (*at >= '0' && *at <= '9'))) {
            char *end = end_of_number(at);
            std::string_view number(at, static_cast<size_t>(end - at));
            // At least 1e309: what is shorter is wrong in another way.
            if (number.size() >= 5 && looks_like_number(number) && is_huge(number)) {
                std::memset(at, ' ', number.size());
                *at = '"';
                std::memcpy(at + 1, huge_mark, 3);
                *(end - 1) = '"';
                found = true;
            }
            at = end - 1;
        }
    }
    return found;
}

static void describe(cjson_member &member, simdjson::dom::element value, bool marks_huge) {
    using simdjson::dom::element_type;
    member.string = nullptr;
    switch (value.type()) {
    case element_type::STRING: {
        std::string_view text = value.get_string().value_unsafe();
        member.kind = is_huge_mark(text) && marks_huge ? CJSON_KIND_HUGE : CJSON_KIND_STRING;
        member.string = text.data();
        member.string_length = text.size();
        break;
    }
    case element_type::INT64:
        member.kind = CJSON_KIND_INTEGER;
        member.integer = value.get_int64().value_unsafe();
        break;
    case element_type::UINT64:
        member.kind = CJSON_KIND_UNSIGNED;
        member.unsigned_integer = value.get_uint64().value_unsafe();
        break;
    case element_type::DOUBLE:
        member.kind = CJSON_KIND_DOUBLE;
        member.real = value.get_double().value_unsafe();
        break;
    case element_type::BOOL:
        member.kind = CJSON_KIND_BOOLEAN;
        member.integer = value.get_bool().value_unsafe();
        break;
    case element_type::NULL_VALUE: member.kind = CJSON_KIND_NULL; break;
    case element_type::ARRAY: member.kind = CJSON_KIND_ARRAY; break;
    case element_type::OBJECT: member.kind = CJSON_KIND_OBJECT; break;
    }
}

int cjson_parse_object(cjson_parser *parser, const void *document, size_t length, cjson_member *members,
                       int members_max, const char **reason) {
    *reason = nullptr;
    if (length > parser->capacity) {
        *reason = "the document is larger than the parser's buffer";
        return CJSON_ERROR_SYNTAX;
    }
    // simdjson reads past the end, so the document moves into a buffer with padding behind it.
    if (length > 0) std::memcpy(parser->buffer, document, length);
    std::memset(parser->buffer + length, 0, simdjson::SIMDJSON_PADDING);
    if (length >= 3 && std::memcmp(document, "\xEF\xBB\xBF", 3) == 0) {
        *reason = "it begins with a byte order mark (EF BB BF), which JSON does not have (RFC 8259, 8.1)";
        return CJSON_ERROR_SYNTAX;
    }
    simdjson::dom::element root;
    auto error = parser->parser.parse(parser->buffer, length, false).get(root);
    bool marks_huge = error == simdjson::NUMBER_ERROR && mark_huge_numbers(parser->buffer);
    if (marks_huge) error = parser->parser.parse(parser->buffer, length, false).get(root);
    if (error != simdjson::SUCCESS) {
        *reason = simdjson::error_message(error);
        return CJSON_ERROR_SYNTAX;
    }
    if (root.get(parser->object) != simdjson::SUCCESS) return CJSON_ERROR_NOT_AN_OBJECT;
    int count = 0;
    for (auto field : parser->object) {
        if (count == members_max) return CJSON_ERROR_TOO_MANY;
        cjson_member &member = members[count++];
        member.key = field.key.data();
        member.key_length = field.key.size();
        describe(member, field.value, marks_huge);
    }
    return count;
}
