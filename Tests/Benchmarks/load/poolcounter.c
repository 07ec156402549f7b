#include "client.h"

// PoolCounter: one worker for each key, a queue that never fills, half a minute's patience.
static size_t write_poolcounter(load_client *client, uint32_t step, char *out) {
    char *end = out;
    if (step == 1) return (size_t)(LOAD_PUT(end, "RELEASE\n") - out);
    end = LOAD_PUT(end, "ACQ4ME ");
    end = load_put(end, client->id, LOAD_ID_BYTES);
    return (size_t)(LOAD_PUT(end, " 1 10000 30\n") - out);
}

static size_t read_poolcounter(load_client *client, uint32_t step) {
    return load_expect(client, step == 0 ? "LOCKED\n" : "RELEASED\n");
}

const load_protocol load_poolcounter = {
    .name = "poolcounter",
    .steps = 2,
    .step_names = {"ACQ4ME", "RELEASE"},
    .held_from = 0,
    .held_until = 1,
    .write = write_poolcounter,
    .read = read_poolcounter,
};
