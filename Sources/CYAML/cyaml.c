#include "cyaml.h"

#include <stdlib.h>
#include <yaml.h>

struct cyaml_parser {
    yaml_parser_t parser;
    yaml_event_t event;
    int has_event;
    const uint8_t *bytes;
    size_t length;
};

cyaml_parser *cyaml_open(const uint8_t *bytes, size_t length) {
    cyaml_parser *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    if (!yaml_parser_initialize(&self->parser)) {
        free(self);
        return NULL;
    }
    self->bytes = bytes;
    self->length = length;
    yaml_parser_set_encoding(&self->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&self->parser, bytes, length);
    return self;
}

static void drop_event(cyaml_parser *self) {
    if (self->has_event) yaml_event_delete(&self->event);
    self->has_event = 0;
}

int32_t cyaml_next(cyaml_parser *self) {
    // The stream's start and the documents' ends say nothing to a reader of one document.
    for (;;) {
        drop_event(self);
        if (!yaml_parser_parse(&self->parser, &self->event)) return CYAML_FAILED;
        self->has_event = 1;
        switch (self->event.type) {
        case YAML_STREAM_END_EVENT: return CYAML_END;
        case YAML_DOCUMENT_START_EVENT: return CYAML_DOCUMENT;
        case YAML_SCALAR_EVENT: return CYAML_SCALAR;
        case YAML_SEQUENCE_START_EVENT: return CYAML_LIST_START;
        case YAML_SEQUENCE_END_EVENT: return CYAML_LIST_END;
        case YAML_MAPPING_START_EVENT: return CYAML_MAP_START;
        case YAML_MAPPING_END_EVENT: return CYAML_MAP_END;
        case YAML_ALIAS_EVENT: return CYAML_ALIAS;
        case YAML_NO_EVENT: return CYAML_END;
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT: break;
        }
    }
}

size_t cyaml_line(const cyaml_parser *self) {
    if (self->has_event) return self->event.start_mark.line + 1;
    if (self->parser.error != YAML_READER_ERROR) return self->parser.problem_mark.line + 1;
    // The reader's errors (a control character, say) come with an offset, not with a line.
    size_t line = 1;
    size_t end = self->parser.problem_offset < self->length ? self->parser.problem_offset : self->length;
    for (size_t i = 0; i < end; i++) line += self->bytes[i] == '\n';
    return line;
}

const uint8_t *cyaml_scalar(const cyaml_parser *self, size_t *length) {
    if (!self->has_event || self->event.type != YAML_SCALAR_EVENT) {
        *length = 0;
        return NULL;
    }
    *length = self->event.data.scalar.length;
    return self->event.data.scalar.value;
}

int32_t cyaml_is_plain(const cyaml_parser *self) {
    return self->has_event && self->event.type == YAML_SCALAR_EVENT
        && self->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

int32_t cyaml_is_decorated(const cyaml_parser *self) {
    if (!self->has_event) return 0;
    switch (self->event.type) {
    case YAML_SCALAR_EVENT:
        return self->event.data.scalar.anchor != NULL || self->event.data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return self->event.data.sequence_start.anchor != NULL || self->event.data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return self->event.data.mapping_start.anchor != NULL || self->event.data.mapping_start.tag != NULL;
    default: return 0;
    }
}

const char *cyaml_problem(const cyaml_parser *self) {
    if (self->parser.error == YAML_MEMORY_ERROR) return "out of memory";
    return self->parser.problem != NULL ? self->parser.problem : "unknown problem";
}

void cyaml_close(cyaml_parser *self) {
    drop_event(self);
    yaml_parser_delete(&self->parser);
    free(self);
}
