/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_flags.c: --so_flags: "profile=freebsd,net.ipv4.tcp_sack=0,local=192.0.2.7,mtu=9000".
 *
 * In the order of writing; so a profile, which sets everything, comes first.
 */
#include "session.h"

#include "duration.h"
#include "parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 256, MTU_MIN = 1280, PATIENCE_MAX = 1000000 };

static bool read_number(const char *value, unsigned long least, unsigned long most,
                        unsigned long *number)
{
    char *end;

    *number = strtoul(value, &end, 10);
    return value[0] >= '0' && value[0] <= '9' && *end == '\0' && *number >= least &&
           *number <= most;
}

static bool set_local(struct so_flags *flags, const char *value, bool is_said)
{
    struct lastack_address address;
    int version;

    if (!lastack_address_parse(value, &address) || lastack_is_any(&address))
        return false;
    version = lastack_is_ipv4(&address) ? 0 : 1;
    flags->local[version] = address;
    flags->names_local[version] = is_said;
    return true;
}

static bool set_frames(struct so_flags *flags, const char *value)
{
    static const char *const names[] = {
        [SO_FRAMES_WHOLE] = "whole", [SO_FRAMES_CUT] = "cut", [SO_FRAMES_JOINED] = "joined"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) != 0)
            continue;
        flags->frames = (enum so_frames)i;
        return true;
    }
    return false;
}

static bool set_word(struct so_flags *flags, const char *name, const char *value, char *message,
                     size_t size)
{
    unsigned long number;

    if (strcmp(name, "profile") == 0) {
        snprintf(message, size, "profile=%s: there is no such profile (linux, freebsd, rfc ...)",
                 value);
        flags->gso_max = strcmp(value, "freebsd") == 0 ? 0 : TARGET_GSO_LINUX;
        return profile_fill(value, &flags->params);
    }
    if (strcmp(name, "local") == 0) {
        snprintf(message, size, "local=%s: not an address", value);
        return set_local(flags, value, true);
    }
    if (strcmp(name, "mtu") == 0) {
        snprintf(message, size, "mtu=%s: 1280 to 65535 bytes are allowed", value);
        if (!read_number(value, MTU_MIN, 65535, &number))
            return false;
        flags->mtu = (uint32_t)number;
        return true;
    }
    if (strcmp(name, "patience") == 0) {
        snprintf(message, size, "patience=%s: 1 to 1000000 seconds are allowed", value);
        if (!read_number(value, 1, PATIENCE_MAX, &number))
            return false;
        flags->patience = SEC((int64_t)number);
        return true;
    }
    if (strcmp(name, "frames") == 0) {
        snprintf(message, size, "frames=%s: whole, cut or joined", value);
        return set_frames(flags, value);
    }
    return parameter_set(&flags->params, name, value, message, size) == PARAMETER_DONE;
}

bool so_flags_read(struct so_flags *flags, const char *text, char *message, size_t size)
{
    memset(flags, 0, sizeof *flags);
    (void)profile_fill("linux", &flags->params);
    (void)set_local(flags, "192.168.0.1", false);
    (void)set_local(flags, "fd3d:0a0b:17d6::1", false);
    flags->mtu = 1500;
    flags->gso_max = TARGET_GSO_LINUX;
    flags->frames = SO_FRAMES_WHOLE;
    flags->patience = SEC(300);
    while (text != NULL && *text != '\0') {
        const size_t length = strcspn(text, ",");
        char word[WORD_MAX];
        char *value;

        if (length >= sizeof word) {
            snprintf(message, size, "a flag has more than %d characters", WORD_MAX - 1);
            return false;
        }
        memcpy(word, text, length);
        word[length] = '\0';
        value = strchr(word, '=');
        if (value == NULL) {
            snprintf(message, size, "\"%s\": expected NAME=VALUE", word);
            return false;
        }
        *value++ = '\0';
        if (!set_word(flags, word, value, message, size))
            return false;
        text += length + (text[length] == ',');
    }
    return true;
}
