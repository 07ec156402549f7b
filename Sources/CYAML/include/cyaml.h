#ifndef CYAML_H
#define CYAML_H

#include <stddef.h>
#include <stdint.h>

/// One pass over a YAML text with libyaml, event by event, behind plain integers and one opaque struct.
/// Nothing is expanded: aliases are reported, never followed, so the work is bounded by the text's length.
typedef struct cyaml_parser cyaml_parser;

#define CYAML_FAILED -1
#define CYAML_END 0
#define CYAML_DOCUMENT 1
#define CYAML_SCALAR 2
#define CYAML_LIST_START 3
#define CYAML_LIST_END 4
#define CYAML_MAP_START 5
#define CYAML_MAP_END 6
#define CYAML_ALIAS 7

/// Starts reading `length` bytes of UTF-8, which the caller keeps alive until `cyaml_close`. NULL if memory
/// is short. The caller owns the parser.
cyaml_parser *_Nullable cyaml_open(const uint8_t *_Nonnull bytes, size_t length);

/// Moves to the next event and returns its CYAML_ number. After CYAML_END or CYAML_FAILED do not call it
/// again.
int32_t cyaml_next(cyaml_parser *_Nonnull parser);

/// The line of the present event, or of the problem after CYAML_FAILED, counted from 1.
size_t cyaml_line(const cyaml_parser *_Nonnull parser);

/// The text of a CYAML_SCALAR, valid until the next `cyaml_next`; its length, which may count NULs, in
/// `length`.
const uint8_t *_Nullable cyaml_scalar(const cyaml_parser *_Nonnull parser, size_t *_Nonnull length);

/// 1 if the present scalar stands without quotes, otherwise 0.
int32_t cyaml_is_plain(const cyaml_parser *_Nonnull parser);

/// 1 if the present scalar, list or map carries a tag such as `!!int` or an anchor such as `&name`, otherwise
/// 0.
int32_t cyaml_is_decorated(const cyaml_parser *_Nonnull parser);

/// What is wrong, in libyaml's words, after CYAML_FAILED; valid until `cyaml_close`.
const char *_Nonnull cyaml_problem(const cyaml_parser *_Nonnull parser);

/// Frees the parser and all that it handed out.
void cyaml_close(cyaml_parser *_Nonnull parser);

#endif
