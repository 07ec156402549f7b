#include "cjson.h"

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

static void describe(cjson_member &member, simdjson::dom::element value) {
    using simdjson::dom::element_type;
    member.string = nullptr;
    switch (value.type()) {
    case element_type::STRING: {
        std::string_view text = value.get_string().value_unsafe();
        member.kind = CJSON_KIND_STRING;
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
    case element_type::BOOL: member.kind = CJSON_KIND_BOOLEAN; break;
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
    simdjson::dom::element root;
    auto error = parser->parser.parse(parser->buffer, length, false).get(root);
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
        describe(member, field.value);
    }
    return count;
}
