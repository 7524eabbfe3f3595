/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_filter.c: see host_filter.h.
 */
#include "host_filter.h"

#include "host_setting.h"
#include "name_lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct filter_names host_names = {
    .device = name_lookup_device,
    .cgroup = name_lookup_cgroup,
    .service = name_lookup_service,
    .host = name_lookup_host,
};

struct filter *host_filter(const char *verb, char **words, int count)
{
    char text[FILTER_TEXT_MAX + 2] = "";
    size_t used = 0;
    for (int i = 0; i < count && used < sizeof text - 1; i++) {
        int added = snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : " ", words[i]);
        used += added > 0 ? (size_t)added : 0;
    }
    struct filter_scope scope = {
        .port_first = (uint16_t)host_setting_number("net.ipv4.ip_local_port_range", 0, 32768),
        .port_last = (uint16_t)host_setting_number("net.ipv4.ip_local_port_range", 1, 60999),
        .names = &host_names,
    };
    struct filter_error error;
    struct filter *filter = filter_compile(text, &scope, &error);
    if (filter == NULL) {
        char message[2 * FILTER_TEXT_MAX + 512];
        filter_error_text(text, &error, message, sizeof message);
        fprintf(stderr, "lastack %s: %s", verb, message);
    }
    return filter;
}

bool host_endpoint_parse(const char *text, struct lastack_endpoint *endpoint)
{
    char address[LASTACK_ADDRESS_TEXT + 2];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text)
        return false;
    size_t length = (size_t)(colon - text);
    bool has_brackets = text[0] == '[' && text[length - 1] == ']';
    if (has_brackets) {
        text++;
        length -= 2;
    }
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (strchr(address, ':') != NULL && !has_brackets)
        return false; /* an IPv6 address without a port */
    char *end;
    unsigned long port = strcmp(colon + 1, "*") == 0 ? 0 : strtoul(colon + 1, &end, 10);
    if (strcmp(colon + 1, "*") != 0 && (end == colon + 1 || *end != '\0' || port > 65535))
        return false;
    endpoint->port = (uint16_t)port;
    if (strcmp(address, "*") == 0)
        return lastack_address_parse("::", &endpoint->address);
    return lastack_address_parse(address, &endpoint->address);
}
