/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recovery.h: what a connection needs to repair losses, and has only once something went wrong (or
 * seems to have): taken from a pool at the first SACK, duplicate ACK, probe or timeout, given back
 * with the connection.
 *
 *      OPEN ──▶ DISORDER ──▶ RECOVERY ──▶ OPEN       duplicate ACKs or SACKs, then a loss is found
 *        └──▶ CWR ──▶ OPEN                           congestion without a loss (ECN, a probe)
 *        └──▶ LOSS ──▶ OPEN                          the retransmission timer fired (RFC 6298), or
 *                                                    the path takes smaller segments (RFC 1191)
 *
 * Two numbers bound an episode: `high` is where it ends (RFC 6582's recover, RFC 6675's
 * RecoveryPoint), `undo` where it began. It is undone when every retransmission turns out to have
 * been needless: all DSACKed (RFC 3708), or the first ACK echoes a timestamp from before them
 * (Eifel, RFC 3522), or F-RTO says so (RFC 5682).
 */
#ifndef LASTACK_RECOVERY_H
#define LASTACK_RECOVERY_H

#include "prr.h"
#include "rack.h"
#include "sent.h"

/* The numbers are those of Linux's tcpi_ca_state. */
enum recovery_state {
    RECOVERY_OPEN = 0,
    RECOVERY_DISORDER = 1,
    RECOVERY_CWR = 2,
    RECOVERY_RECOVERY = 3,
    RECOVERY_LOSS = 4,
};

struct recovery {
    struct scoreboard board;
    struct rack rack;
    struct prr prr;
    uint8_t state;        /* enum recovery_state */
    bool had_partial;     /* a partial ACK came in this episode */
    uint16_t reordering;  /* segments; grows as reordering is seen */
    bool is_frto;         /* RFC 5682: not yet known whether the timeout was spurious */
    bool may_undo;        /* `undo` is set */
    bool has_probe;       /* a tail loss probe is unanswered */
    bool was_probe_again; /* it was a retransmission */
    bool is_waiting;      /* the LOSS timer is RACK's, not a probe's */
    bool has_reneged;
    bool was_too_big; /* LOSS began because the path takes smaller segments */
    bool sends_new;   /* F-RTO: new data goes before what was lost */
    bool has_retry_stamp;
    struct seq high;
    struct seq undo;
    struct seq probe_end; /* SND.NXT when the probe left */
    int32_t undo_left;    /* retransmissions not yet DSACKed; < 0: none was sent yet */
    uint32_t retry_stamp; /* TSval of the first retransmission of the episode */
    uint32_t window_before, ssthresh_before; /* 0: cannot be restored */
    uint32_t lost_segs;                      /* ever marked lost */
    uint32_t again_segs;                     /* ever sent again */
    uint64_t again_bytes;
    uint32_t dsack_dups;
    uint32_t reordering_seen; /* how often */
};

void recovery_init(struct recovery *recovery, uint32_t reordering);

static inline bool recovery_is_reducing(const struct recovery *recovery)
{
    return recovery->state == RECOVERY_CWR || recovery->state == RECOVERY_RECOVERY;
}

#endif
