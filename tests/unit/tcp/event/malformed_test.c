/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malformed_test.c: packets that are broken in one place each, against a live connection and a
 * listener: a counted drop with its reason, no answer, no move of any state, nothing kept.
 *
 *     good segment ─▶ one change ─▶ checksums repaired, unless they are the change ─▶ lastack_input
 */
#include "peer.h"

#include "bytes.h"
#include "checksum.h"

#include <string.h>

enum { IP = 20, TCP = 20, OPTIONS = 12, TEXT = 8, LENGTH = IP + TCP + OPTIONS + TEXT };

/* 192.0.2.9:40000 > 192.0.2.1:80, ACK with a timestamp option and eight bytes of text. */
static void good_segment(const struct peer *p, uint8_t packet[LENGTH])
{
    static const uint8_t from[4] = {192, 0, 2, 9}, to[4] = {192, 0, 2, 1};

    memset(packet, 0, LENGTH);
    packet[0] = 0x45;
    store16(packet + 2, LENGTH);
    store16(packet + 6, 0x4000);
    packet[8] = 64;
    packet[9] = 6;
    memcpy(packet + 12, from, 4);
    memcpy(packet + 16, to, 4);
    store16(packet + IP, PEER_PORT);
    store16(packet + IP + 2, STACK_PORT);
    store32(packet + IP + 4, p->irs + 1);
    store32(packet + IP + 8, p->iss + 1);
    packet[IP + 12] = (TCP + OPTIONS) / 4 << 4;
    packet[IP + 13] = ACK;
    store16(packet + IP + 14, 65535);
    packet[IP + TCP] = packet[IP + TCP + 1] = 1; /* NOP, NOP, an option of 10 bytes nobody knows */
    packet[IP + TCP + 2] = 253;
    packet[IP + TCP + 3] = 10;
}

static uint16_t sum_of(const uint8_t *bytes, size_t length, uint32_t sum)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        sum += load16(bytes + i);
    if (length % 2 == 1)
        sum += (uint32_t)bytes[length - 1] << 8;
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* As the packet says of itself; what it says of its lengths may be wrong. */
static void repair(uint8_t *packet, uint32_t length)
{
    const uint32_t tcp = length > IP ? length - IP : 0;

    store16(packet + 10, 0);
    store16(packet + 10, sum_of(packet, IP, 0));
    if (tcp < 18)
        return;
    store16(packet + IP + 16, 0);
    store16(packet + IP + 16, sum_of(packet + IP, tcp,
                                     load16(packet + 12) + load16(packet + 14) +
                                         load16(packet + 16) + load16(packet + 18) + 6 + tcp));
}

struct fault {
    const char *what;
    enum lastack_cause cause;
    uint32_t length; /* of the packet; 0: all of it */
    uint16_t at;     /* one byte is changed ... */
    uint8_t to;
    uint16_t at_2; /* ... or two, if not 0 */
    uint8_t to_2;
    bool is_not_repaired;
};

static const struct fault faults[] = {
    {"no whole IP header", LASTACK_CAUSE_DROP_SHORT, .length = 19, .is_not_repaired = true},
    {"one byte", LASTACK_CAUSE_DROP_SHORT, .length = 1, .is_not_repaired = true},
    {"IP version 5", LASTACK_CAUSE_DROP_NOT_IP, .at = 0, .to = 0x55},
    {"IP header of 16 bytes", LASTACK_CAUSE_DROP_IP_HEADER, .at = 0, .to = 0x44},
    {"IP header longer than the packet", LASTACK_CAUSE_DROP_SHORT, .length = 24, .at = 0,
     .to = 0x4f, .at_2 = 3, .to_2 = 24},
    {"IP length beyond the packet", LASTACK_CAUSE_DROP_IP_LENGTH, .at = 3, .to = LENGTH + 1},
    {"IP length within the header", LASTACK_CAUSE_DROP_IP_LENGTH, .at = 3, .to = 19},
    {"bad IP checksum", LASTACK_CAUSE_DROP_IP_CHECKSUM, .at = 10, .to = 0xaa,
     .is_not_repaired = true},
    {"from 127.0.0.1 over the wire", LASTACK_CAUSE_DROP_BAD_SOURCE, .at = 12, .to = 127},
    {"from a group", LASTACK_CAUSE_DROP_BAD_SOURCE, .at = 12, .to = 224},
    {"to somebody else", LASTACK_CAUSE_DROP_NOT_OURS, .at = 19, .to = 77},
    {"TCP header of 12 bytes", LASTACK_CAUSE_DROP_TCP_SHORT, .length = IP + 12, .at = 3,
     .to = IP + 12},
    {"no TCP header at all", LASTACK_CAUSE_DROP_TCP_SHORT, .length = IP, .at = 3, .to = IP},
    {"data offset 4", LASTACK_CAUSE_DROP_TCP_OFFSET, .at = IP + 12, .to = 4 << 4},
    {"data offset 0", LASTACK_CAUSE_DROP_TCP_OFFSET, .at = IP + 12, .to = 0},
    {"data offset beyond the segment", LASTACK_CAUSE_DROP_TCP_OFFSET, .at = IP + 12, .to = 15 << 4},
    {"bad TCP checksum", LASTACK_CAUSE_DROP_TCP_CHECKSUM, .at = LENGTH - 1, .to = 1,
     .is_not_repaired = true},
    {"option of no length", LASTACK_CAUSE_DROP_TCP_OPTION, .at = IP + TCP + 3, .to = 0},
    {"option of length 1", LASTACK_CAUSE_DROP_TCP_OPTION, .at = IP + TCP + 3, .to = 1},
    {"option beyond the header", LASTACK_CAUSE_DROP_TCP_OPTION, .at = IP + TCP + 3, .to = 11},
    {"option's length beyond the header", LASTACK_CAUSE_DROP_TCP_OPTION, .at = IP + TCP + 3,
     .to = 9, .at_2 = IP + TCP + 11, .to_2 = 253},
    {"from port 0", LASTACK_CAUSE_DROP_TCP_PORT_ZERO, .at = IP, .to = 0, .at_2 = IP + 1, .to_2 = 0},
    {"to port 0", LASTACK_CAUSE_DROP_TCP_PORT_ZERO, .at = IP + 3, .to = 0},
};

/* Gives the stack the packet with its fault; how many drops of that cause there were. */
static uint64_t arrives_with(const struct peer *p, const struct fault *fault, uint8_t flags)
{
    const uint64_t before = counted(fault->cause);
    uint8_t packet[LENGTH];
    uint32_t length = fault->length != 0 ? fault->length : LENGTH;

    good_segment(p, packet);
    packet[IP + 13] = flags;
    if (fault->is_not_repaired)
        repair(packet, LENGTH);
    packet[fault->at] = fault->at == 0 && fault->to == 0 ? packet[0] : fault->to;
    if (fault->at_2 != 0)
        packet[fault->at_2] = fault->to_2;
    if (!fault->is_not_repaired)
        repair(packet, length);
    {
        const struct lastack_packet_in in = {packet, length, PEER_LINK, 0};

        lastack_input(world.stack, world.now, &in, 1);
        SETTLES();
    }
    return counted(fault->cause) - before;
}

static void each_fault_is_a_counted_drop(struct peer *p, uint8_t flags)
{
    struct lastack_pool_usage before[LASTACK_POOL_COUNT];

    for (unsigned pool = 0; pool < LASTACK_POOL_COUNT; pool++)
        before[pool] = usage_of((enum lastack_pool)pool);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (arrives_with(p, &faults[i], flags) != 1)
            fail_msg("%s: not counted as %s", faults[i].what, lastack_cause_text(faults[i].cause));
        SENDS_NOTHING(p);
        NO_STATE(p);
    }
    for (unsigned pool = 0; pool < LASTACK_POOL_COUNT; pool++)
        assert_int_equal(usage_of((enum lastack_pool)pool).used, before[pool].used);
}

TEST(against_a_live_connection)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);

    each_fault_is_a_counted_drop(p, ACK);
    each_fault_is_a_counted_drop(p, FIN | ACK);
    each_fault_is_a_counted_drop(p, RST | ACK);
    IS_IN(p, ESTABLISHED);
    assert_int_equal(row_of(p).recv_q, 0);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 8); /* as good as ever */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 9);
    READS(p, 8);
}

TEST(against_a_listener)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    each_fault_is_a_counted_drop(p, SYN);
    IS_IN(p, CLOSED);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
}

/* The segment without a fault is taken: so it was the fault that was refused. */
TEST(without_a_fault)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);
    uint8_t packet[LENGTH];
    const struct lastack_packet_in in = {packet, LENGTH, PEER_LINK, 0};

    good_segment(p, packet);
    repair(packet, LENGTH);
    lastack_input(world.stack, world.now, &in, 1);
    SETTLES();
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1 + TEXT);
    assert_int_equal(row_of(p).recv_q, TEXT);
}

/* Text that overlaps in every way is read once, as it first came. */
TEST(overlapping_text)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);

    ARRIVES(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 151, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 1, .text = 10);
    ARRIVES(p, .flags = ACK, .seq = 51, .ack = 1, .text = 300);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 400);
    FORGET(p);
    READS(p, 400);
    READS_NOTHING(p);
    assert_int_equal(usage_of(LASTACK_POOL_RANGES).used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(against_a_live_connection),
        RUN(against_a_listener),
        RUN(without_a_fault),
        RUN(overlapping_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
