/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params.h: the numbers and policies of one stack. A profile is one filled-in copy of this struct;
 * no code ever asks "which profile?", it asks for the value or the policy.
 *
 * lastack_params_linux() fills in the default profile. Names, units, ranges, aliases in four
 * dialects and the other profiles are data on floor 6 (src/view/parameters); they write into this
 * struct.
 */
#ifndef LASTACK_PARAMS_H
#define LASTACK_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The TIME-WAIT table is full: what happens to the newcomer? */
enum lastack_time_wait_full {
    LASTACK_TIME_WAIT_REFUSE_NEW,   /* the new record is not made (Linux) */
    LASTACK_TIME_WAIT_EVICT_OLDEST, /* the one that would expire first makes room */
};

/* A third ACK arrives while the accept queue is full. */
enum lastack_accept_overflow {
    LASTACK_ACCEPT_OVERFLOW_DROP, /* the ACK is ignored, the SYN-ACK goes on repeating (Linux) */
    LASTACK_ACCEPT_OVERFLOW_RST,  /* tcp_abort_on_overflow */
};

/* Order and padding of options in SYN and SYN-ACK segments. */
enum lastack_option_order {
    LASTACK_OPTIONS_LINUX,   /* MSS, SACK-permitted + TS, NOP + WS */
    LASTACK_OPTIONS_FREEBSD, /* MSS, NOP + WS, SACK-permitted, TS */
};

/* How the retransmission timeout follows from SRTT and RTTVAR. */
enum lastack_rto_formula {
    LASTACK_RTO_RFC6298, /* max(minimum, SRTT + 4 RTTVAR) */
    LASTACK_RTO_LINUX,   /* SRTT + max(minimum, 4 mdev), mdev_max over a round trip */
    LASTACK_RTO_FREEBSD, /* max(minimum, SRTT + 4 RTTVAR) + slop */
};

enum lastack_quick_ack {
    LASTACK_QUICK_ACK_NEVER, /* two full segments, or the timer */
    /* every second segment, of whatever size, or the timer (BSD) */
    LASTACK_QUICK_ACK_EVERY_SECOND,
    /* up to 16 at the start of a flow and after a loss; interactive flows delay */
    LASTACK_QUICK_ACK_LINUX,
};

/* TIME-WAIT may be reused by connect() (tcp_tw_reuse). */
enum lastack_time_wait_reuse {
    LASTACK_REUSE_OFF = 0,
    LASTACK_REUSE_ON = 1,
    LASTACK_REUSE_LOOPBACK = 2,
};

/* A segment that no step accepts reaches a record in TIME-WAIT. */
enum lastack_time_wait_syn {
    LASTACK_TIME_WAIT_SYN_ACK,  /* answered with an ACK (Linux) */
    LASTACK_TIME_WAIT_SYN_DROP, /* dropped (RFC 6191) */
};

/* A SYN arrives while its listener (or the stack) has no room for another half-open request. */
enum lastack_syn_cookies {
    LASTACK_SYN_COOKIES_NEVER,    /* see lastack_syn_overflow */
    LASTACK_SYN_COOKIES_OVERFLOW, /* it is answered with a SYN cookie (RFC 4987 §3.6) */
    LASTACK_SYN_COOKIES_ALWAYS,   /* ... every SYN is, and no request ever kept */
};

/* ... and cookies are off. */
enum lastack_syn_overflow {
    LASTACK_SYN_OVERFLOW_DROP,         /* the SYN is dropped (Linux) */
    LASTACK_SYN_OVERFLOW_EVICT_OLDEST, /* the listener's oldest request makes room (FreeBSD) */
};

/* The user read: when is the larger window worth a segment of its own? */
enum lastack_window_update {
    LASTACK_WINDOW_UPDATE_DOUBLED, /* at least twice what the peer knows of (Linux) */
    /* two segments and a good part of the buffer more, or half of the buffer (BSD) */
    LASTACK_WINDOW_UPDATE_TWO_SEGS,
};

enum lastack_icmp_in_syn {
    LASTACK_ICMP_SYN_ABORT,     /* any matching error aborts connect (Linux) */
    LASTACK_ICMP_SYN_HARD_ONLY, /* only hard errors do (RFC 9293 MUST-56, SHLD-26) */
    LASTACK_ICMP_SYN_REFUSED,   /* what means "refused", and "time exceeded" (FreeBSD) */
    LASTACK_ICMP_SYN_NEVER,     /* none does */
};

/* What a user sees of an ICMP error. */
enum lastack_icmp_errors {
    LASTACK_ICMP_ERRORS_LINUX, /* a number of its own for most codes */
    LASTACK_ICMP_ERRORS_BSD,   /* EHOSTUNREACH for whatever is away, ECONNREFUSED for a "no" */
};

enum lastack_send_accounting {
    LASTACK_SNDBUF_BYTES,     /* the limit counts payload bytes (BSD) */
    LASTACK_SNDBUF_LINUX_SKB, /* it counts what Linux would charge: virtual skbs with overhead */
};

/* How a loss is noticed before the retransmission timer fires; one way per connection. Without SACK
 * it is always the third duplicate ACK (RFC 5681). */
enum lastack_loss_detection {
    LASTACK_LOSS_SACK, /* by how much is sacked above: RFC 6675 */
    LASTACK_LOSS_RACK, /* by what was sent later and has arrived: RFC 8985 */
};

/* How the window comes down in recovery. */
enum lastack_prr {
    LASTACK_PRR_OFF,     /* at once, to ssthresh */
    LASTACK_PRR_RFC9937, /* in proportion to what was in flight */
    LASTACK_PRR_LINUX,   /* in proportion to the window */
};

/* How CUBIC's first slow start ends before something is lost. */
enum lastack_hystart {
    LASTACK_HYSTART_OFF,
    LASTACK_HYSTART_RFC9406, /* HyStart++ */
    LASTACK_HYSTART_LINUX,   /* the delay test of Linux's CUBIC */
};

enum lastack_congestion {
    LASTACK_CC_NONE, /* no congestion window: tests only */
    LASTACK_CC_NEWRENO,
    LASTACK_CC_CUBIC,
};

/* Bits of fast_open (RFC 7413), Linux's net.ipv4.tcp_fastopen. */
enum lastack_fast_open {
    LASTACK_FAST_OPEN_CLIENT = 0x1,             /* text may ride in our SYNs */
    LASTACK_FAST_OPEN_SERVER = 0x2,             /* listeners may ask for it (TCP_FASTOPEN) */
    LASTACK_FAST_OPEN_CLIENT_NO_COOKIE = 0x4,   /* ... without a cookie even */
    LASTACK_FAST_OPEN_SERVER_NO_COOKIE = 0x200, /* text is read without a cookie even */
    LASTACK_FAST_OPEN_ALL_LISTENERS = 0x400,    /* listeners need not ask */
};

struct lastack_params {
    /* times, in ns */
    int64_t time_wait_ns;    /* 2MSL. linux 60 s, rfc 240 s, freebsd 60 s */
    int64_t fin_wait_2_ns;   /* orphan FIN-WAIT-2; 0 = no limit (rfc) */
    int64_t rto_initial_ns;  /* RFC 6298 §2.1: 1 s */
    int64_t rto_fallback_ns; /* RFC 6298 §5.7: first RTO of data after a SYN was repeated: 3 s */
    int64_t rto_min_ns;
    int64_t rto_max_ns;
    int64_t rto_slop_ns;    /* LASTACK_RTO_FREEBSD */
    int64_t delayed_ack_ns; /* at the most; Linux adapts between the minimum and this */
    int64_t delayed_ack_min_ns;
    int64_t keepalive_idle_ns; /* before the first probe */
    int64_t keepalive_interval_ns;
    int64_t persist_min_ns;
    int64_t persist_max_ns;
    int64_t user_timeout_ns; /* 0 = none */
    /* challenge_count challenge ACKs per connection in this time (500 ms), 0 = no limit */
    int64_t challenge_interval_ns;
    int64_t time_wait_reuse_delay_ns;
    /* a timestamp so much too old is forgiven in a connection (Linux: 1 ms) */
    int64_t paws_slack_ns;
    /* TS.Recent means nothing after so much silence (RFC 7323 §5.5: 24 days) */
    int64_t paws_stale_ns;
    /* of the clock in initial sequence numbers. linux 64 ns, rfc 4 us */
    int64_t isn_tick_ns;
    int64_t connect_timeout_ns; /* keepinit; 0 = by retries only */
    /* no Fast Open at all after three timeouts of one such SYN; doubles; 0 = never */
    int64_t fast_open_blackhole_ns;
    /* none to a server that gave no cookie and took no text (FreeBSD: 15 minutes); 0 = never */
    int64_t fast_open_path_disable_ns;

    /* counts */
    uint32_t syn_retries;
    /* of Linux >= 6.5: so many SYNs 1 s apart before doubling starts */
    uint32_t syn_linear_retries;
    uint32_t synack_retries;
    uint32_t retries1; /* R1 */
    /* R2, as doublings of the minimum RTO (Linux) or retransmissions (BSD) */
    uint32_t retries2;
    uint32_t orphan_retries; /* 0 means 8 (Linux) */
    uint32_t keepalive_probes;
    uint32_t max_orphans;
    /* in challenge_interval_ns. linux 1, freebsd 5, rfc 10; at most 255, 0 = no limit */
    uint32_t challenge_count;
    uint32_t challenge_limit;       /* for the whole stack, per second; 0 = off */
    uint32_t dupthresh;             /* 3 */
    uint32_t initial_cwnd_segs;     /* 10 (RFC 6928) */
    uint32_t initial_cwnd_bytes;    /* and at most so many, or two segments: 14600; 0: no limit */
    uint32_t reordering_max;        /* segments that are ever taken for overtaking only */
    uint32_t slow_start_limit;      /* segments of growth per ACK (RFC 3465's L); 0: no limit */
    uint32_t syn_backlog_max;       /* SYN entries per listener */
    uint32_t somaxconn;             /* upper bound of listen()'s backlog */
    uint32_t time_wait_max;         /* records held at the most */
    uint32_t reassembly_ranges_max; /* holes per connection */
    uint32_t ack_every_segs;        /* an ACK at least every so many full segments: 2 */
    uint32_t ecn_retries;           /* repeated SYNs that still ask for ECN (RFC 3168 §6.1.1.1) */
    uint32_t fast_open;             /* enum lastack_fast_open, or-ed */
    /* a frame is put off until it holds this part of the window, 1/n; 0 = never (not Linux) */
    uint32_t tso_win_divisor;
    /* a frame holds what is sent in a millisecond, but at least so many segments (Linux); 0: as
     * many as the link takes */
    uint32_t min_tso_segs;

    /* sizes, in bytes */
    /* tcp_rmem, tcp_wmem. The first of each is only remembered: what Linux grants while memory is
     * tight is here what the pages give */
    uint32_t receive_buffer_min, receive_buffer, receive_buffer_max;
    uint32_t send_buffer_min, send_buffer, send_buffer_max;
    /* 0: from the buffer; else the window of the first SYN or SYN-ACK */
    uint32_t receive_window_initial;
    uint32_t mss_default_ipv4; /* when no option says: 536 (RFC 9293 MUST-15) */
    uint32_t mss_default_ipv6; /* 1220 */
    uint32_t mss_min;          /* smaller ones are raised to this */
    uint32_t mss_base;         /* first step down into a suspected black hole: 1024 */
    uint32_t notsent_lowat;
    uint16_t port_first, port_last; /* ephemeral, both included */
    uint8_t window_scale_max;       /* shift offered at the most: 14; 0xff: option off */
    uint8_t window_scale_fixed;     /* 0xff: computed from receive_buffer_max; else this shift */
    uint8_t ttl;

    /* switches */
    bool sack, timestamps, window_scaling, ecn_accept, ecn_request, path_mtu_discovery;
    bool mtu_probing; /* after R1 the path is taken for a black hole (RFC 4821 §7.7) */
    bool tcp_rfc1337; /* ignore RST in TIME-WAIT */
    bool slow_start_after_idle;
    /* ... after one RTO of silence (RFC 5681 §4.1), not halved for each (RFC 2861, Linux) */
    bool idle_restart_at_once;
    bool autotune_receive, autotune_send;
    /* the window starts with the first one and grows by two segments for each that arrives (Linux);
     * else the whole buffer is offered once the handshake is over */
    bool receive_window_grows;
    /* requests are repeated less often while a listener's SYN queue is more than half full */
    bool syn_queue_ages;
    bool implied_connect; /* sendto() of a new stream socket connects it (FreeBSD) */
    bool drop_syn_fin;
    /* RFC 793 acceptance instead of RFC 5961 (FreeBSD's switches) */
    bool insecure_rst, insecure_syn;
    bool rst_extra_linux; /* RST also taken at RCV.NXT-1 in CLOSE-WAIT, LAST-ACK, CLOSING */
    /* text leaves evenly over a round trip (Linux: where the queueing discipline is fq) */
    bool pacing;
    bool tail_loss_probe; /* RFC 8985 §7 */
    bool frto;            /* RFC 5682 */
    /* without SACK only the first partial ACK of an episode restarts the timer (RFC 6582 §4: the
     * Impatient variant), not each (Slow-but-Steady, Linux) */
    bool impatient_newreno;
    /* when the timer fires a segment is lost after RACK.rtt and the reordering window (RFC 8985
     * §6.3), not after RACK.rtt alone (Linux) */
    bool rack_window_at_timeout;
    bool undo;             /* reductions that prove needless are taken back */
    bool cwnd_counts_segs; /* a small segment takes as much of the window as a full one */
    /* a reduction starts from the window, not from what is in flight */
    bool ssthresh_from_cwnd;
    bool abort_on_unread;      /* close() with unread data sends RST (Linux, RFC 2525 §2.17) */
    bool missing_timestamp_ok; /* a segment without TS though negotiated is taken (Linux) */
    bool log_in_vain_silence;  /* blackhole: no RST to closed ports */
    bool listen_synack_silent; /* LISTEN + SYN-ACK: silence (FreeBSD) instead of RST */
    bool closing_repeats_fin;  /* CLOSING answers the peer's FIN with our FIN again (FreeBSD) */
    bool request_syn_rst;      /* another SYN in a request's window also gets a RST (Linux) */
    bool time_wait_reopen;     /* a new SYN reopens TIME-WAIT (RFC 6191) */
    /* so does one with timestamps where the old life had none, whatever its number (RFC 6191 §2) */
    bool time_wait_new_timestamps;
    /* the window of SYN and SYN-ACK is a multiple of the MSS (Linux) */
    bool first_window_in_segs;
    /* buffers grow to whole segments once the MSS is known (BSD) */
    bool buffers_in_segs;
    /* what fits the buffer is taken, even beyond the window that was offered (BSD) */
    bool accept_whole_buffer;
    /* the ACK field of a wholly old segment counts (BSD); the RFC answers and drops it */
    bool old_segment_acks;
    /* from its third repetition on a SYN carries its MSS only: options may be why it is lost */
    bool syn_drops_options;
    /* only a repeated FIN restarts 2MSL (RFC 9293), not every segment with an ACK (Linux) */
    bool time_wait_fin_restarts;
    /* a segment with SYN and FIN is dropped whatever it is for, not in LISTEN alone (BSD) */
    bool drop_syn_fin_always;
    /* text and FIN of a crossing SYN are kept for ESTABLISHED (RFC 9293); Linux has them sent
     * again */
    bool syn_text_kept;
    /* a RST in CLOSING or LAST-ACK is an error for the user (Linux, BSD) */
    bool rst_error_closing;
    /* what has no ACK bit gets no answer from TIME-WAIT, wherever it lies (BSD) */
    bool time_wait_needs_ack;
    /* an ACK of what was not sent yet is dropped unanswered (Linux) instead of with an ACK */
    bool ack_of_unsent_silent;
    /* our MSS option says what the path carries as far as we know (Linux), not what the link can
     * bring (RFC 9293 MUST-67) */
    bool mss_option_of_path;
    /* PSH on the last segment of each frame of several, whatever the user wrote (Linux) */
    bool push_every_frame;
    /* a segment signed with MD5 (RFC 2385) or TCP-AO, for which nobody here has a key, is dropped
     * (Linux), not taken as if it had no signature (RFC 5925 §7.3) */
    bool unexpected_signature_drops;

    /* policies */
    enum lastack_time_wait_full time_wait_full;
    enum lastack_time_wait_reuse time_wait_reuse;
    enum lastack_time_wait_syn time_wait_syn;
    enum lastack_accept_overflow accept_overflow;
    enum lastack_syn_cookies syn_cookies;
    enum lastack_syn_overflow syn_overflow;
    enum lastack_option_order option_order;
    enum lastack_rto_formula rto_formula;
    enum lastack_quick_ack quick_ack;
    enum lastack_window_update window_update;
    enum lastack_icmp_in_syn icmp_in_syn;
    enum lastack_icmp_errors icmp_errors;
    enum lastack_send_accounting send_accounting;
    enum lastack_congestion congestion;
    enum lastack_loss_detection loss_detection;
    enum lastack_prr prr;
    enum lastack_hystart hystart;
};

/* The first field that is out of its range: its name and what it may be, as C would write it
 * ("rto_max_ns: SEC(1)..SEC(3600)", SEC and MS being seconds and milliseconds in ns); NULL: there
 * is none. */
const char *lastack_params_fault(const struct lastack_params *params);

/* The default profile: Linux 6.18 with its default settings. */
void lastack_params_linux(struct lastack_params *params);

#ifdef __cplusplus
}
#endif

#endif
