/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng.h: a capture file that says why.
 *
 *     section header | interface, interface ... | packet, packet ...        (IETF opsawg pcapng)
 *
 * Each packet carries its interface, a time in nanoseconds, its direction and, when there is
 * something to say, a comment: "ESTABLISHED -> FIN-WAIT-1: close()". tshark and Wireshark show
 * all of it.
 *
 * What is written is what went over the wire, or would have: a checksum that was left to the link
 * is finished in the file's copy; a frame that the link cuts into segments (GSO) is written
 * whole, with "gso N" in its comment, as every capture on a sending host has it. IP lengths and
 * checksums of the whole are right, so readers that verify find nothing wrong.
 *
 * The FILE is the caller's. Writing stops at the first error; pcapng_failed tells.
 */
#ifndef LASTACK_PCAPNG_H
#define LASTACK_PCAPNG_H

#include <lastack/packet.h>

#include <stdio.h>

enum pcapng_link {
    PCAPNG_ETHERNET = 1,
    PCAPNG_RAW_IP = 101, /* IPv4 or IPv6, told apart by the version nibble */
};

enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_IN, PCAPNG_OUT };

struct pcapng {
    FILE *out;
    uint32_t interfaces;
    uint64_t packets;
    bool has_failed;
};

/* Writes the section header. `application`: what made the file, e.g. "lastack 0.1.0". */
void pcapng_begin(struct pcapng *file, FILE *out, const char *application);

/* Writes an interface block; returns the interface's number. `name` may be NULL. */
uint32_t pcapng_interface(struct pcapng *file, enum pcapng_link link, const char *name);

/* What goes with a packet. */
struct pcapng_note {
    uint32_t interface;
    int64_t time_ns; /* since 1970, or of whatever clock; negative counts as 0 */
    enum pcapng_direction direction;
    const char *comment; /* UTF-8, or NULL */
};

/* A packet as it is. */
void pcapng_bytes(struct pcapng *file, const struct pcapng_note *note, const uint8_t *data,
                  size_t length);

/* A packet that arrived. One whose checksum the link vouches for (LASTACK_CHECKSUM_TRUSTED) may
 * never have had it computed: then it is finished in the copy. `ip_offset`: 14 on Ethernet, else
 * 0. */
void pcapng_packet_in(struct pcapng *file, const struct pcapng_note *note,
                      const struct lastack_packet_in *packet, size_t ip_offset);

/* A packet that leaves. */
void pcapng_packet_out(struct pcapng *file, const struct pcapng_note *note,
                       const struct lastack_packet_out *packet);

/* True if something could not be written, the last flush included. */
bool pcapng_failed(struct pcapng *file);

#endif
