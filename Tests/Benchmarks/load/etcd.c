#include "client.h"
#include "http.h"
#include <stdio.h>

// etcd: a lease for each client, granted once, then lock and unlock under it.
static char *put_base64(char *end, const char *bytes, size_t length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t rest = length - i;
        uint32_t three = (uint32_t)(uint8_t)bytes[i] << 16 |
                         (rest > 1 ? (uint32_t)(uint8_t)bytes[i + 1] << 8 : 0) |
                         (rest > 2 ? (uint32_t)(uint8_t)bytes[i + 2] : 0);
        *end++ = letters[three >> 18];
        *end++ = letters[three >> 12 & 63];
        *end++ = rest > 1 ? letters[three >> 6 & 63] : '=';
        *end++ = rest > 2 ? letters[three & 63] : '=';
    }
    return end;
}

static size_t write_etcd(load_client *client, uint32_t step, char *out) {
    char body[512], *end = body;
    switch (step) {
    case 0:
        end = LOAD_PUT(body, "{\"TTL\":600}");
        return load_http_post(out, "/v3/lease/grant", body, (size_t)(end - body));
    case 1:
        end = LOAD_PUT(body, "{\"name\":\"");
        end = put_base64(end, client->id, LOAD_ID_BYTES);
        end += sprintf(end, "\",\"lease\":\"%llu\"}", (unsigned long long)client->token);
        return load_http_post(out, "/v3/lock/lock", body, (size_t)(end - body));
    default:
        end = LOAD_PUT(body, "{\"key\":\"");
        end = load_put(end, client->key, client->key_length);
        end = LOAD_PUT(end, "\"}");
        return load_http_post(out, "/v3/lock/unlock", body, (size_t)(end - body));
    }
}

static size_t read_etcd(load_client *client, uint32_t step) {
    load_answer answer;
    size_t length = load_http_read(client->channel.in, client->channel.in_length, &answer);
    if (length == 0) return 0;
    if (answer.status != 200) load_fail("etcd: %u %.*s", answer.status, (int)answer.body_length, answer.body);
    if (step == 0) client->token = load_json_number(&answer, "\"ID\":");
    if (step != 1) return length;
    const char *key = load_json_text(&answer, "\"key\":", &client->key_length);
    if (client->key_length > sizeof client->key) load_fail("etcd's key is too long: %zu", client->key_length);
    memcpy(client->key, key, client->key_length);
    return length;
}

const load_protocol load_etcd = {
    .name = "etcd",
    .setup_steps = 1,
    .steps = 2,
    .step_names = {"lock", "unlock"},
    .held_from = 1,
    .held_until = 2,
    .write = write_etcd,
    .read = read_etcd,
};
