/// Reads one flat JSON object with simdjson, behind plain C.
///
/// The whole document and its UTF-8 are validated. Nested values are accepted by the parser and reported
/// by their kind only: no request of ticketlockd has any, so the caller refuses them by the field's name.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a value is.
#define CJSON_KIND_STRING 1
#define CJSON_KIND_INTEGER 2   ///< A number written without fraction or exponent that fits int64_t.
#define CJSON_KIND_UNSIGNED 3  ///< The same, above INT64_MAX and within uint64_t.
#define CJSON_KIND_DOUBLE 4
#define CJSON_KIND_BOOLEAN 5  ///< `integer` is 0 for false, 1 for true.
#define CJSON_KIND_NULL 6
#define CJSON_KIND_ARRAY 7
#define CJSON_KIND_OBJECT 8
#define CJSON_KIND_HUGE 9  ///< A number too large for any of the kinds of numbers.

/// One member of the object, in the order of the document. Strings are unescaped UTF-8, may hold NUL, and
/// live until the next cjson_parse_object() with the same parser.
typedef struct {
    const char *_Nonnull key;
    size_t key_length;
    int32_t kind;
    const char *_Nullable string;
    size_t string_length;
    int64_t integer;
    uint64_t unsigned_integer;
    double real;
} cjson_member;

/// A parser with its buffers, reused from document to document. Not for use by two threads at once.
typedef struct cjson_parser cjson_parser;

/// Makes a parser for documents of at most `document_bytes_max` bytes. The caller owns it and ends it with
/// cjson_parser_free(). NULL when memory is short.
cjson_parser *_Nullable cjson_parser_new(size_t document_bytes_max);
void cjson_parser_free(cjson_parser *_Nonnull parser);

/// Parses `document` and points `members` at what it holds, at most `members_max` of them.
/// Returns the number of members; CJSON_ERROR_SYNTAX, with the parser's words in `reason`;
/// CJSON_ERROR_NOT_AN_OBJECT; or CJSON_ERROR_TOO_MANY members.
#define CJSON_ERROR_SYNTAX (-1)
#define CJSON_ERROR_NOT_AN_OBJECT (-2)
#define CJSON_ERROR_TOO_MANY (-3)
int cjson_parse_object(cjson_parser *_Nonnull parser, const void *_Nullable document, size_t length,
                       cjson_member *_Nonnull members, int members_max,
                       const char *_Nullable *_Nonnull reason);

#ifdef __cplusplus
}
#endif
