# SPDX-License-Identifier: BSD-2-Clause
"""
Ways to break TCP, one step of an RFC each, for tools/mutants.py: (file under src/, text that stands there once, what
stands there instead, the requirements that no longer hold). Some test that names one of them has to notice.
"""
A = 'tcp/event/arrives.c'
ACK = 'tcp/event/arrives_ack.c'
TEXT = 'tcp/event/arrives_text.c'
LISTEN = 'tcp/event/arrives_listen.c'
TW = 'tcp/event/arrives_time_wait.c'
RECORDS = 'tcp/event/records.c'
NEXT = 'tcp/event/next_segment.c'
WRITE = 'tcp/event/write_segment.c'
ANSWER = 'tcp/event/answer.c'
USER = 'tcp/event/user.c'
TIMEOUTS = 'tcp/event/timeouts.c'
UNREACHABLE = 'tcp/event/unreachable.c'
PAWS = 'tcp/mechanism/paws.h'

MUTATIONS = [
    # ---- CLOSED, LISTEN
    (A, '    if (!tcp->params.log_in_vain_silence)\n        reply_rst_to(tcp, seg, flow, TCP_CLOSED);',
     '    (void)seg;', '9293-3.10.7.1-b 9293-3.10.7.1-c'),
    (ANSWER, '    if (has_ack)\n        reply->seq = seg->ack;', '    if (has_ack)\n        reply->seq = seg->seq;',
     '9293-3.10.7.1-c'),
    (ANSWER, 'reply->ack = seq_add(seg->seq, seg->len);', 'reply->ack = seg->seq;', '9293-3.10.7.1-b'),
    (LISTEN, '    if (seg->flags & LASTACK_ACK) { /* second */', '    if (false) { /* second */', '9293-3.10.7.2-b'),
    (LISTEN, '    if (!(seg->flags & LASTACK_SYN)) { /* fourth */', '    if (false) { /* fourth */', '9293-3.10.7.2-e'),

    # ---- SYN-SENT
    (A, 'if (seq_before_or_equal(seg->ack, conn->iss) || seq_after(seg->ack, conn->snd.max)) {',
     'if (seq_before_or_equal(seg->ack, conn->iss)) {', '9293-3.10.7.3-a'),
    (A, 'if (seq_before_or_equal(seg->ack, conn->iss) || seq_after(seg->ack, conn->snd.max)) {',
     'if (seq_after(seg->ack, conn->snd.max)) {', '9293-3.10.7.3-a'),
    (A, '    if (!is_ack_good) {\n        report_drop', '    if (false) {\n        report_drop', '9293-3.10.7.3-d'),
    (A, '    if (!(seg->flags & LASTACK_SYN)) { /* fifth: neither SYN nor RST */', '    if (false) {', '9293-3.10.7.3-g'),
    (A, 'conn_end(tcp, conn, LASTACK_CAUSE_REFUSED, 111 /* ECONNREFUSED */);', 'return STOP;', '9293-3.10.7.3-c'),

    # ---- first: sequence number
    (A, '    if (!is_acceptable(tcp, conn, seg)) {', '    if (false) {', '9293-3.10.7.4-oow'),
    (A, 'return wnd > 0 && seq_before(seg->seq, edge) &&', 'return wnd > 0 &&', '9293-3.10.7.4-oow 9293-3.10.7.4-seqLW'),
    (A, '        return wnd == 0 ? seq_equal(seg->seq, conn->rcv.nxt)', '        return wnd == 0 ? true',
     '9293-3.10.7.4-seq00'),
    (A, '        trim_back(seg, acceptable_edge(tcp, conn));', '        (void)trim_back;', '9293-3.10.7.4-seqLW'),
    (A, '        } else {\n            reply_challenge(tcp, conn);\n        }\n        return STOP;\n    }\n    if (!(seg->flags & (LASTACK_RST',
     '        }\n        return STOP;\n    }\n    if (!(seg->flags & (LASTACK_RST', '9293-3.10.7.4-oow'),
    (A, '        if (is_probe_of_closed_window(tcp, conn, seg)) {', '        if (false && is_probe_of_closed_window(tcp, conn, seg)) {',
     '9293-MUST-66'),

    # ---- PAWS before it
    (PAWS, '    return timestamp_before(ts_value, paws->recent) &&',
     '    return false &&', '7323-5.3-R1'),
    (PAWS, '           now_ms - paws->recent_ms < clock_ms(rule.stale_ns);', '           true;', '7323-5.5'),
    (A, 'if (!conn_has(conn, CONN_TIMESTAMP) || seg->flags & LASTACK_RST)', 'if (!conn_has(conn, CONN_TIMESTAMP))',
     '7323-5.2-rst'),

    # ---- second: RST
    (A, '    if (!is_rst_exact(tcp, conn, seg)) {', '    if (false) {', '5961-3.2-exact'),
    (A, '        if (!tcp->params.insecure_rst) {', '        if (false) {', '5961-3.2-exact'),
    (A, '                        LASTACK_CAUSE_DROP_RST_NOT_EXACT);\n            reply_challenge(tcp, conn);',
     '                        LASTACK_CAUSE_DROP_RST_NOT_EXACT);', '5961-3.2-exact'),
    (A, '    conn_end(tcp, conn, LASTACK_CAUSE_RST, error_of_rst(tcp, conn));', '    return STOP;',
     '9293-3.10.7.4-rst-E 9293-3.10.7.4-rst-L'),
    (A, '        return 111; /* ECONNREFUSED: an active OPEN */', '        return 104;', '9293-3.10.7.4-rst-SRa'),
    # order: the SYN before the RST, the ACK before the SYN
    (A, '    if ((v = second_check_rst(tcp, conn, seg)) != GO_ON)\n        return v;\n', '', '9293-3.10.7.4-rst-E 5961-3.2-exact'),

    # ---- fourth: SYN
    (A, '    if ((v = fourth_check_syn(tcp, conn, seg)) != GO_ON)\n        return v;\n', '', '5961-4.2 9293-3.10.7.4-syn-S'),
    (A, '        return STOPPED_CONNECTION;\n    }\n    reply_challenge(tcp, conn);\n    return STOP;\n}',
     '        return STOPPED_CONNECTION;\n    }\n    return STOP;\n}', '5961-4.2 9293-3.10.7.4-syn-S'),

    # ---- fifth: ACK
    (ACK, '    if (!(seg->flags & LASTACK_ACK)) {', '    if (false) {', '9293-3.10.7.4-noack'),
    (ACK, '    if (seq_after(seg->ack, conn->snd.max)) {', '    if (false) {', '9293-3.10.7.4-ack-E2'),
    (ACK, '    if (seq_before(seg->ack, seq_sub(conn->snd.una, conn->snd.wnd_max))) {', '    if (false) {', '5961-5.2-range'),
    (ACK, '        reply_rst_by(tcp, conn, seg);\n        return STOP;\n    }\n    conn->snd.wnd = seg->window;',
     '        return STOP;\n    }\n    conn->snd.wnd = seg->window;', '9293-3.10.7.4-ack-SR'),
    (ACK, '        tcp_enter(conn, TCP_FIN_WAIT_2, LASTACK_CAUSE_FIN_ACKED, &tcp->report);\n', '', '9293-3.10.7.4-ack-FW1'),
    (ACK, '        conn_enter_time_wait(tcp, conn, LASTACK_CAUSE_FIN_ACKED);',
     '        conn_end(tcp, conn, LASTACK_CAUSE_FIN_ACKED, 0);', '9293-3.10.7.4-ack-CLOSING'),
    (ACK, '        conn_end(tcp, conn, LASTACK_CAUSE_FIN_ACKED, 0);', '        conn_enter_time_wait(tcp, conn, LASTACK_CAUSE_FIN_ACKED);',
     '9293-3.10.7.4-ack-LA'),
    (ACK, '    if (ack.is_advance)\n        acknowledge(tcp, conn, seg, &ack);', '    if (false)\n        acknowledge(tcp, conn, seg, &ack);',
     '9293-3.10.7.4-ack-E1'),
    (ACK, '        conn->probes = 0; /* an answered probe: never give up on it (MUST-37) */', '        (void)0;', '9293-MUST-37'),
    (ACK, '    if (!seq_after(seg->ack, conn->snd.una) && !seq_before(conn->snd.wl1, seg->seq) &&', '    if (false &&',
     '9293-3.10.7.4-ack-WL'),

    # ---- seventh: text
    (TEXT, '    if (!tcp_state_may_receive(conn->state) && !(conn->fast_open & FAST_OPEN_PASSIVE)) {', '    if (false) {',
     '9293-3.10.3-LAST 9293-3.10.7.4-text 9293-3.10.7.4-ack-E2 9293-3.10.7.4-ack-CLOSING 9293-3.10.7.4-ack-LA'),
    (TEXT, '    if (conn_has(conn, CONN_ORPHAN))\n        return text_after_close(tcp, conn, seg);\n', '', '9293-SHLD-3 LNX-FW2-DATA'),
    (TEXT, '    const bool fills_hole = conn->arrived.count > 0;', '    const bool fills_hole = false;', '5681-3.2-fill'),
    (TEXT, '    reply_ack_again(tcp, conn, again); /* one duplicate', '    (void)again; /* one duplicate', '5681-3.2-ooo 9293-MAY-13'),
    (TEXT, '        conn->rcv.nxt = ends_by_fin ? seq_min(next->to, conn->rcv.fin) : next->to;\n', '', '9293-SHLD-31'),

    # ---- eighth: FIN
    (TEXT, '    if (seq_equal(conn->rcv.nxt, conn->rcv.fin))\n        return fin_in_order(tcp, conn);', '    return fin_in_order(tcp, conn);',
     '9293-3.10.7.4-fin-ooo'),
    (TEXT, '        if (seg->flags & LASTACK_FIN)\n            conn->owe |= OWE_ACK;\n        return GO_ON;', '        return GO_ON;',
     '9293-3.10.7.4-fin-dup'),
    (TEXT, '    conn->rcv.nxt = seq_add(conn->rcv.nxt, 1);\n    if (seq_after', '    if (seq_after', '9293-3.10.7.4-fin-E'),
    (RECORDS, '    if (conn->owe & OWE_ACK) /* the last ACK', '    if (false) /* the last ACK', '9293-3.10.7.4-fin-FW2'),
    (TEXT, '        tcp_enter(conn, TCP_CLOSING, LASTACK_CAUSE_FIN, &tcp->report);\n        if', '        if', '9293-3.10.7.4-fin-FW1b'),

    # ---- SYN-RECEIVED of a listener
    (LISTEN, '        reply_syn_ack(tcp, entry, NULL);\n        return STOP;', '        return STOP;', '9293-3.10.7.4-syn-SR'),
    (LISTEN, '            forget(tcp, index, LASTACK_CAUSE_RST);', '            (void)index;', '9293-3.10.7.4-rst-SRp'),
    (LISTEN, '    if (!seq_equal(seg->ack, seq_add(entry->iss, 1))) {', '    if (false) {', '9293-3.10.7.4-ack-SR'),

    # ---- TIME-WAIT
    (TW, '    if (seq_equal(seg->seq, record->rcv_nxt) && !tcp->params.tcp_rfc1337) {', '    if (seq_equal(seg->seq, record->rcv_nxt)) {',
     '1337-3-F1'),
    (TW, '        restart(tcp, ref, &record->tuple, flow, LASTACK_CAUSE_FIN_REPEATED);\n', '', '9293-3.10.7.4-ack-TW'),
    (TW, '    return seq_after(seg->seq, record->rcv_nxt);', '    return true;', '6191-2-d'),
    (TW, '        timestamp_before(record->ts_recent, seg->ts_value))\n        return true;',
     '        timestamp_before(seg->ts_value, record->ts_recent))\n        return true;', '6191-2-a 6191-2-b'),
    (TW, '        iss = seq_add(record->snd_nxt, ISS_BEYOND);', '        iss = seq_sub(record->snd_nxt, ISS_BEYOND);',
     'LNX-TW-SYN 9293-MAY-2'),

    # ---- calls, and what leaves
    (USER, '    if (abort_sends_rst(conn->state))\n        reply_rst_of(tcp, conn);\n', '', '9293-3.10.5-SYNC'),
    (USER, '        return true;\n    case TCP_SYN_SENT:\n    case TCP_CLOSING:\n', '    case TCP_CLOSING:\n        return true;\n    case TCP_SYN_SENT:\n',
     '9293-3.10.5-LAST'),
    (WRITE, '    if (conn_has(conn, CONN_FIN_QUEUED) && seq_equal(to, conn->snd.end))\n        seg->flags |= LASTACK_FIN;',
     '    if (conn_has(conn, CONN_FIN_QUEUED))\n        seg->flags |= LASTACK_FIN;', '9293-3.6-flush 2525-2.15'),
    (NEXT, '        out->seg.flags &= (uint16_t)~LASTACK_FIN; /* it takes a place in the window too (§3.4) */', '        (void)offered;',
     '9293-MUST-36'),
    (WRITE, '    seg->mss = conn->mss_own;', '    seg->mss = conn->mss_path;', '9293-MUST-67 6691-2'),
    (WRITE, '    seg->wnd = (uint16_t)min32(window, 65535); /* RFC 7323 §2.2: never scaled */',
     '    seg->wnd = (uint16_t)(window >> conn->rcv_shift);', '7323-2.2-syn LNX-WIN 9293-3.10.7.3-f'),

    # ---- timers, ICMP
    (TIMEOUTS, '    conn->owe |= OWE_RETRANSMIT; /* RFC 6298 §5.4 */', '    (void)0;', '9293-3.10.8-rto 9293-3.6-finrtx'),
    (TIMEOUTS, '    back_off(tcp, conn);\n', '    (void)back_off;\n', '6298-5.5'),
    (UNREACHABLE, '    if (!is_in_flight(conn, seq)) {', '    if (false) {', '5927-4'),
    (UNREACHABLE, '    if (conn->mss < old && conn_in_flight(conn) > 0)', '    if (conn_in_flight(conn) > 0)', '1191-6.4'),
]
