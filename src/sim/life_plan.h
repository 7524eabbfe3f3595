/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_plan.h: what is drawn before anything happens: the setting of a world, and the plan of each
 * life in it. Values only; sim_lives.c and life_end.c act on them.
 *
 *     seed ──▶ setting: profiles, options, pools, MTU, link, mishaps        one for each world
 *          └─▶ plan:    who sends how much, who ends how, who vanishes      one for each life
 */
#ifndef LASTACK_LIFE_PLAN_H
#define LASTACK_LIFE_PLAN_H

#include "sim_world.h"

/* How a program ends its part. Orderly ones come first: two of them deliver everything. */
enum life_ending {
    LIFE_CLOSES,        /* close() when all is sent and the peer's end was seen */
    LIFE_HALF_CLOSES,   /* shutdown(WR) when all is queued; close() when the peer's end was seen */
    LIFE_CLOSES_EARLY,  /* close() as soon as all is queued */
    LIFE_SHUTS_BOTH,    /* shutdown(RDWR) when all is queued; close() later */
    LIFE_SHUTS_READING, /* shutdown(RD) at a drawn moment, sends on, then close() */
    LIFE_ABORTS,        /* at a drawn moment, as the following */
    LIFE_LINGERS_ZERO,  /* close() with SO_LINGER 0 */
    LIFE_EXITS,         /* the process ends: all its descriptors are closed */
    LIFE_IS_KILLED,     /* an operator ends the connection */
    LIFE_ENDINGS
};

/* What one program will do. Times count from the start of the life. */
struct life_end_plan {
    uint32_t to_send;
    uint32_t write_size, read_size; /* bytes of one call */
    int64_t pause_ns;               /* between reads; 0: reads all there is */
    int64_t connect_ns;             /* the second end of a crossed life: when it connects */
    int64_t act_ns;                 /* the drawn moment of its ending */
    int64_t patience_ns;            /* then it closes, whatever has not come */
    int64_t hold_ns;                /* how long copies of its descriptor outlive the first */
    uint8_t ending;                 /* enum life_ending */
    uint8_t copies;                 /* descriptors beside the first */
    bool is_copy_foreign;           /* they belong to another process */
    uint8_t how_it_reads;           /* 0 recv, 1 peek then recv, 2 without copying */
    bool nodelay, cork, keepalive, reuse_address;
    bool fast_open; /* its first bytes leave with the SYN (RFC 7413) */
    uint16_t mss;   /* TCP_MAXSEG; 0: not set. The next likewise */
    uint16_t send_buffer, receive_buffer;
    uint16_t user_timeout_ms;
    int8_t linger2_s;
    uint8_t syn_count;
};

struct life_plan {
    bool is_ipv6;
    bool is_crossed;   /* both connect to each other: simultaneous open */
    unsigned host;     /* of end 0, who connects */
    int64_t silent_ns; /* from then on the wire between them is cut; NEVER: it is not */
    uint16_t port[2];  /* of a crossed life */
    struct life_end_plan end[2];
};

/* What a world is like. */
struct lives_setting {
    struct lastack_config config[SIM_HOSTS];
    struct sim_recipe recipe;
    uint32_t mtu;
    uint32_t at_once; /* lives side by side */
    int backlog[SIM_HOSTS];
    int fast_open[SIM_HOSTS]; /* TCP_FASTOPEN of the listener: how many may wait so; 0: off */
    bool is_scarce;           /* pools so small that they refuse: not every life will succeed */
    bool is_crowded; /* listeners' queues overflow: SYN cookies, and what they cannot save */
    bool has_old_duplicates; /* segments come again much later */
    bool outlives_isn;       /* a record may take a new SYN for an old one (life_plan.c) */
    bool is_rough;           /* so much is lost that a connection may be given up */
    int64_t reboot_every_ns; /* about; 0: never. The next likewise */
    int64_t listener_closes_every_ns;
    int64_t link_fills_every_ns;
};

/* `profiles`: what each host's params are drawn from. */
void lives_setting_draw(struct rng *rng, const struct lastack_params *profiles,
                        unsigned profile_count, struct lives_setting *setting);
void life_plan_draw(struct rng *rng, const struct lives_setting *setting, struct life_plan *plan);

static inline bool life_ending_is_orderly(uint8_t ending)
{
    return ending <= LIFE_HALF_CLOSES;
}

#endif
