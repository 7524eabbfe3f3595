/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conversation.h: how a script's numbers and a live connection's numbers belong together.
 *
 *     script                      live
 *     port (not said)             192.168.0.1:8080 <-> 192.0.2.1:49152
 *     seq 1 of ours               ISN that the stack chose + 1
 *     seq 1 of the peer's         ISN that the script's SYN had + 1
 *     TS val 100                  what the stack sent where the script had 100
 *
 * On a SYN a script's number is the initial one itself; on all other segments numbers are relative
 * to it. Each socket of the script is one conversation; what a listener's first packet opens is
 * one, too.
 */
#ifndef LASTACK_CONVERSATION_H
#define LASTACK_CONVERSATION_H

#include "script.h"

#include <lastack/address.h>

enum conversation_state {
    CONVERSATION_NEW,
    CONVERSATION_LISTENING,
    CONVERSATION_PACKET_RECEIVED, /* something met the listener */
    CONVERSATION_SYNACK_SENT,
    CONVERSATION_SYNACK_ACKED,
    CONVERSATION_CONNECTING, /* connect() was called, the SYN not yet seen */
    CONVERSATION_SYN_SENT,
    CONVERSATION_SYN_ACKED,
};

/* One TS val as the script has it and as it was. */
struct stamp {
    uint32_t script, live;
};

struct conversation {
    struct conversation *next;
    enum conversation_state state;
    bool is_udp;
    int script_fd;                         /* -1: none yet */
    struct lastack_endpoint local, remote; /* live; port 0: not known yet */
    uint32_t script_local_isn, live_local_isn;
    uint32_t live_remote_isn;
    struct stamp *stamps; /* those of what the stack sent */
    size_t stamp_count, stamp_room;
};

void conversation_init(struct conversation *conversation);
void conversation_free(struct conversation *conversation);

/* live = script + offset, for numbers of our side and of the peer's, in a segment with or without
 * SYN. */
uint32_t conversation_local_offset(const struct conversation *conversation, bool is_syn);
uint32_t conversation_remote_offset(const struct conversation *conversation, bool is_syn);

/* Copies `script` (an inbound packet) with live numbers. `guesses_echo`: an ecr never seen is
 * computed instead of refused. False with an error. */
bool conversation_to_live(const struct conversation *conversation,
                          const struct drill_packet *script, bool guesses_echo,
                          struct script_memory *memory, struct drill_packet *live,
                          struct script_error *error);

/* Turns a decoded outbound packet into the script's numbers, in place. */
void conversation_to_script(const struct conversation *conversation, struct drill_packet *packet);

/* Remembers which live TS val stands where the script has which: call when `seen` (decoded, live)
 * was what the script meant by `expected`. */
void conversation_learn_stamp(struct conversation *conversation,
                              const struct drill_packet *expected, const struct drill_packet *seen);

#endif
