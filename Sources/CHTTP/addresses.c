#define _GNU_SOURCE
#include "internal.h"
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/// An IP address (an IPv4 one in its mapped form) and how many connections come from it.
typedef struct {
    struct in6_addr address;
    uint32_t connections;
} counted_address;

static int compare(const void *one, const void *other) {
    return memcmp(&((const counted_address *)one)->address, &((const counted_address *)other)->address,
                  sizeof(struct in6_addr));
}

/// False for sockets that have no IP address: Unix sockets are not counted.
static bool key_of(const struct sockaddr_storage *address, counted_address *key) {
    memset(key, 0, sizeof *key);
    if (address->ss_family == AF_INET6) {
        key->address = ((const struct sockaddr_in6 *)address)->sin6_addr;
        return true;
    }
    if (address->ss_family != AF_INET) return false;
    key->address.s6_addr[10] = key->address.s6_addr[11] = 0xff;
    memcpy(&key->address.s6_addr[12], &((const struct sockaddr_in *)address)->sin_addr, 4);
    return true;
}

static counted_address *find(const chttp_server *server, counted_address *key) {
    void *const *node = tfind(key, &server->addresses, compare);
    return node ? *node : NULL;
}

bool chttp_addresses_admit(const chttp_server *server, const struct sockaddr_storage *address) {
    counted_address key;
    if (server->limits.connections_per_address_max == 0 || !key_of(address, &key)) return true;
    counted_address *found = find(server, &key);
    return !found || found->connections < server->limits.connections_per_address_max;
}

void *chttp_addresses_add(chttp_server *server, const struct sockaddr *address) {
    counted_address key;
    if (server->limits.connections_per_address_max == 0) return NULL;
    if (!key_of((const struct sockaddr_storage *)(const void *)address, &key)) return NULL;
    counted_address *found = find(server, &key);
    if (!found) {
        found = malloc(sizeof *found);
        if (!found) return NULL;
        *found = key;
        if (!tsearch(found, &server->addresses, compare)) {
            free(found);
            return NULL;
        }
    }
    found->connections++;
    return found;
}

void chttp_addresses_remove(chttp_server *server, void *counted) {
    counted_address *address = counted;
    if (!address || --address->connections > 0) return;
    tdelete(address, &server->addresses, compare);
    free(address);
}
