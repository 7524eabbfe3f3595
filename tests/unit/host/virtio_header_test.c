/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio_header_test.c: what a kernel is told about a packet, and what it tells us.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "virtio_header.h"

static void a_packet_that_never_left_memory_is_trusted(void **state)
{
    struct virtio_net_hdr plain = {0};
    struct virtio_net_hdr partial = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM};
    struct virtio_net_hdr verified = {.flags = VIRTIO_NET_HDR_F_DATA_VALID};

    (void)state;
    assert_int_equal(virtio_header_flags(&plain), 0);
    assert_int_equal(virtio_header_flags(&partial), LASTACK_CHECKSUM_TRUSTED);
    assert_int_equal(virtio_header_flags(&verified), LASTACK_CHECKSUM_TRUSTED);
}

static void an_ordinary_packet_asks_for_nothing(void **state)
{
    struct lastack_packet_out packet = {.header_length = 40, .length = 40, .iov_count = 1};
    struct virtio_net_hdr header;

    (void)state;
    packet.header[0] = 0x45;
    packet.iov[0] = (struct lastack_iovec){packet.header, 40};
    header = virtio_header_of(&packet);
    assert_int_equal(header.flags, 0);
    assert_int_equal(header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}

static void large(uint8_t version, uint16_t ip_offset, uint8_t gso_type)
{
    struct lastack_packet_out packet = {.flags = LASTACK_CHECKSUM_PARTIAL,
                                        .gso_size = 1448,
                                        .header_length = (uint16_t)(ip_offset + 52),
                                        .ip_offset = ip_offset,
                                        .checksum_start = (uint16_t)(ip_offset + 20),
                                        .checksum_offset = 16,
                                        .iov_count = 1};
    struct virtio_net_hdr header;

    packet.header[ip_offset] = (uint8_t)(version << 4 | 5);
    packet.iov[0] = (struct lastack_iovec){packet.header, packet.header_length};
    header = virtio_header_of(&packet);
    assert_int_equal(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(header.csum_start, ip_offset + 20);
    assert_int_equal(header.csum_offset, 16);
    assert_int_equal(header.gso_type, gso_type);
    assert_int_equal(header.gso_size, 1448);
    assert_int_equal(header.hdr_len, ip_offset + 52);
}

static void a_large_frame_says_how_to_cut_it(void **state)
{
    (void)state;
    large(4, 0, VIRTIO_NET_HDR_GSO_TCPV4);
    large(6, 0, VIRTIO_NET_HDR_GSO_TCPV6);
    large(4, 14, VIRTIO_NET_HDR_GSO_TCPV4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_that_never_left_memory_is_trusted),
        cmocka_unit_test(an_ordinary_packet_asks_for_nothing),
        cmocka_unit_test(a_large_frame_says_how_to_cut_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
