/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_name.c: struct sockaddr_in and _in6 <-> endpoints.
 */
#include "session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

int so_name_read(const struct sockaddr *address, socklen_t length,
                 struct lastack_endpoint *endpoint)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    uint8_t bytes[4];

    if (address == NULL)
        return -LASTACK_EFAULT;
    if (length < sizeof(sa_family_t))
        return -LASTACK_EINVAL;
    if (address->sa_family == AF_INET6) {
        if (length < sizeof six)
            return -LASTACK_EINVAL;
        memcpy(&six, address, sizeof six);
        memcpy(endpoint->address.bytes, &six.sin6_addr, sizeof endpoint->address.bytes);
        endpoint->port = ntohs(six.sin6_port);
        return 0;
    }
    if (address->sa_family != AF_INET)
        return -LASTACK_EAFNOSUPPORT;
    if (length < sizeof four)
        return -LASTACK_EINVAL;
    memcpy(&four, address, sizeof four);
    memcpy(bytes, &four.sin_addr, sizeof bytes);
    endpoint->address = lastack_ipv4(bytes[0], bytes[1], bytes[2], bytes[3]);
    endpoint->port = ntohs(four.sin_port);
    return 0;
}

void so_name_write(const struct lastack_endpoint *endpoint, bool is_ipv6, struct sockaddr *address,
                   socklen_t *length)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
    const socklen_t size = is_ipv6 ? sizeof six : sizeof four;

    if (address == NULL || length == NULL)
        return;
    memcpy(&six.sin6_addr, endpoint->address.bytes, 16);
    memcpy(&four.sin_addr, endpoint->address.bytes + 12, 4);
    memcpy(address, is_ipv6 ? (const void *)&six : (const void *)&four,
           *length < size ? *length : size);
    *length = size;
}

bool so_name_is_ipv6(const struct session *session, int live)
{
    int domain = LASTACK_AF_INET;

    (void)lastack_get_option(session->target.stack, live, LASTACK_SO_DOMAIN, &domain);
    return domain == LASTACK_AF_INET6;
}
