/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag_attributes.h: what follows the fixed part of a netlink answer: {length, type, data}, each
 * aligned to 4. An attribute is read as far as it reaches; a length that cannot be ends the walk.
 */
#ifndef LASTACK_DIAG_ATTRIBUTES_H
#define LASTACK_DIAG_ATTRIBUTES_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct attribute {
    uint16_t type;
    const uint8_t *data;
    size_t length;
};

struct attributes {
    const uint8_t *at;
    size_t left;
    bool is_broken; /* a length that cannot be */
};

static inline struct attributes attributes_behind(const void *payload, size_t length, size_t header)
{
    size_t skip = NLMSG_ALIGN(header);
    if (length <= skip)
        return (struct attributes){0};
    return (struct attributes){.at = (const uint8_t *)payload + skip, .left = length - skip};
}

static inline bool attributes_next(struct attributes *attributes, struct attribute *attribute)
{
    struct nlattr head;
    if (attributes->left < sizeof head)
        return false;
    memcpy(&head, attributes->at, sizeof head);
    attributes->is_broken = head.nla_len < sizeof head || head.nla_len > attributes->left;
    if (attributes->is_broken)
        return false;
    attribute->type = head.nla_type & NLA_TYPE_MASK;
    attribute->data = attributes->at + sizeof head;
    attribute->length = head.nla_len - sizeof head;
    size_t step = NLA_ALIGN(head.nla_len);
    step = step < attributes->left ? step : attributes->left;
    attributes->at += step;
    attributes->left -= step;
    return true;
}

/* Of 32 bits; 0 if it is too short for one. */
static inline uint32_t attribute_number(const uint8_t *data, size_t length)
{
    uint32_t value = 0;
    if (length >= sizeof value)
        memcpy(&value, data, sizeof value);
    return value;
}

#endif
