/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng_reader.h: the packets of a pcapng file, whatever its interfaces are.
 *
 *     section header | interface ... | packet | statistics | interface | packet ...
 *                       link, unit of time       skipped
 *
 * libpcap reads pcapng, too, but only if all interfaces are of one link type and one snap length,
 * not raw IP twice (it compares numbers of two kinds), and it does not tell which one a packet was
 * seen at. A capture of a host's two interfaces, or of both hosts of a simulation, has each packet
 * twice: who reads it must know where.
 *
 * Memory is bounded by the largest packet (PCAPNG_BLOCK_MAX) and PCAPNG_INTERFACES_MAX; blocks that
 * hold no packet are passed over unread, however long.
 */
#ifndef LASTACK_PCAPNG_READER_H
#define LASTACK_PCAPNG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PCAPNG_BLOCK_MAX = 1 << 20, PCAPNG_INTERFACES_MAX = 1024 };

struct pcapng_reader;

struct pcapng_frame {
    uint32_t interface, interfaces; /* its number, over all sections, of so many until here */
    int link;                       /* LINKTYPE of the interface, as in the file */
    int64_t at;                     /* ns since 1970, 0 if the block has no time */
    const uint8_t *data;
    size_t captured, length; /* bytes there; and of the packet */
};

enum pcapng_result { PCAPNG_END, PCAPNG_FRAME, PCAPNG_ERROR };

/* The FILE is the caller's, at its begin. NULL: no memory. */
struct pcapng_reader *pcapng_reader_open(FILE *in);
void pcapng_reader_close(struct pcapng_reader *reader);

/* The next packet, which stays until the next call. ERROR: the file is damaged from here on, or
 * breaks off. */
enum pcapng_result pcapng_reader_next(struct pcapng_reader *reader, struct pcapng_frame *frame);

/* What was wrong. */
const char *pcapng_reader_error(const struct pcapng_reader *reader);

#endif
