/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.c: a treap, written with split and join only.
 *
 *     split(t, key):  one walk down, cutting t into "before key" and "the rest"
 *     join(a, b):     one walk down the facing edges; the higher priority stays on top
 *
 * Everything is a loop that fills in the next `hole` (the link that still lacks its value); no
 * recursion, no parent links. Priorities are a fixed one-to-one mix of the node's index (but of who
 * was appended to an empty set), so no two are equal, the shape does not follow the order of
 * arrival, and the depth is O(log n) expected.
 *
 * Marks: `under` of a node is the union over its subtree of the flags in RANGE_HAS, and the
 * intersection of those in RANGE_LACKS. After a change it is made right again on the one or two
 * ways down that the change went. While nothing is marked all of it is 0, which is right without
 * work.
 *
 * Invariant: ranges are not empty, sorted and disjoint; sets made by ranges_add do not even touch.
 */
#include "ranges.h"

/* Four times the expected depth of a treap of 2^24 nodes. */
enum { RANGES_DEPTH = 256 };

static struct range *range_at(const struct pool *pool, uint32_t index)
{
    return pool_at(pool, index);
}

/* The finaliser of MurmurHash3: a bijection on 32 bits. */
static uint32_t range_priority(uint32_t index)
{
    uint32_t h = index + 0x9e3779b9u;

    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

static uint8_t under_of(const struct pool *pool, uint32_t index)
{
    return index == POOL_NONE ? RANGE_LACKS : range_at(pool, index)->under;
}

static void refresh(const struct pool *pool, struct range *node)
{
    const uint8_t left = under_of(pool, node->left), right = under_of(pool, node->right);

    node->under = (uint8_t)(((left | right | node->flags) & RANGE_HAS) |
                            (left & right & node->flags & RANGE_LACKS));
}

/* Makes `under` right on the way down to where `key` is, or would be. */
static void refresh_way(const struct ranges *set, const struct pool *pool, struct seq key)
{
    uint32_t way[RANGES_DEPTH];
    uint32_t depth = 0, index = set->root;

    while (index != POOL_NONE) {
        const struct range *node = range_at(pool, index);

        CHECK(depth < RANGES_DEPTH);
        way[depth++] = index;
        index = seq_before(node->from, key) ? node->right : node->left;
    }
    while (depth > 0)
        refresh(pool, range_at(pool, way[--depth]));
}

/* Something changed at `key`: what lies just before it and just behind it. */
static void refresh_at(const struct ranges *set, const struct pool *pool, struct seq key)
{
    if (LIKELY(!set->has_marks))
        return;
    refresh_way(set, pool, key);
    refresh_way(set, pool, seq_add(key, 1));
}

static void treap_split(const struct pool *pool, uint32_t tree, struct seq key, uint32_t *before,
                        uint32_t *rest)
{
    while (tree != POOL_NONE) {
        struct range *node = range_at(pool, tree);

        if (seq_before(node->from, key)) {
            *before = tree;
            before = &node->right;
            tree = node->right;
        } else {
            *rest = tree;
            rest = &node->left;
            tree = node->left;
        }
    }
    *before = *rest = POOL_NONE;
}

/* Everything in `a` lies before everything in `b`. */
static uint32_t treap_join(const struct pool *pool, uint32_t a, uint32_t b)
{
    uint32_t root, *hole = &root;

    while (a != POOL_NONE && b != POOL_NONE) {
        struct range *left = range_at(pool, a), *right = range_at(pool, b);

        if (left->priority > right->priority) {
            *hole = a;
            hole = &left->right;
            a = left->right;
        } else {
            *hole = b;
            hole = &right->left;
            b = right->left;
        }
    }
    *hole = a != POOL_NONE ? a : b;
    return root;
}

static struct range *treap_insert(struct ranges *set, struct pool *pool, struct range value)
{
    uint32_t index = pool_take(pool), *hole = &set->root;
    struct range *node;

    if (index == POOL_NONE)
        return NULL;
    value.priority = range_priority(index);
    while (*hole != POOL_NONE && range_at(pool, *hole)->priority > value.priority) {
        struct range *above = range_at(pool, *hole);

        hole = seq_before(value.from, above->from) ? &above->left : &above->right;
    }
    node = range_at(pool, index);
    *node = value;
    node->left = node->right = POOL_NONE;
    if (*hole != POOL_NONE)
        treap_split(pool, *hole, value.from, &node->left, &node->right);
    node->under = node->flags;
    *hole = index;
    set->count++;
    refresh_at(set, pool, value.from);
    return node;
}

/* The set is empty: nothing to look for or to move. What is in flight is one burst, mostly. Who was
 * first stays on top, and is the first to go. */
static struct range *treap_begin(struct ranges *set, struct pool *pool, struct seq from,
                                 struct seq to)
{
    const uint32_t index = pool_take(pool);
    struct range *node;

    if (index == POOL_NONE)
        return NULL;
    node = range_at(pool, index);
    *node = (struct range){
        .left = POOL_NONE, .right = POOL_NONE, .priority = UINT32_MAX, .from = from, .to = to};
    set->root = index;
    set->count = 1;
    set->has_marks = 0;
    return node;
}

/* Takes the range that starts at `from` out; it is there. */
static void treap_remove(struct ranges *set, struct pool *pool, struct seq from)
{
    uint32_t *hole = &set->root, index = set->root;

    while (!seq_equal(range_at(pool, index)->from, from)) {
        struct range *above = range_at(pool, index);

        hole = seq_before(from, above->from) ? &above->left : &above->right;
        index = *hole;
    }
    *hole = treap_join(pool, range_at(pool, index)->left, range_at(pool, index)->right);
    pool_give(pool, index);
    if (--set->count == 0)
        set->has_marks = 0;
    refresh_at(set, pool, from);
}

/* Turns left edges into right ones until the root has no left child, so that no stack is needed. */
NOINLINE void ranges_give_back(struct ranges *set, struct pool *pool)
{
    uint32_t root = set->root;

    while (root != POOL_NONE) {
        struct range *node = range_at(pool, root);
        uint32_t next = node->left;

        if (next == POOL_NONE) {
            next = node->right;
            pool_give(pool, root);
        } else {
            node->left = range_at(pool, next)->right;
            range_at(pool, next)->right = root;
        }
        root = next;
    }
}

/* Joins every range that `grown` has come to reach to it. Returns how many bytes these held. */
static uint32_t swallow_following(struct ranges *set, struct pool *pool, struct range *grown)
{
    uint32_t held = 0;
    struct range *next;

    while ((next = ranges_next(set, pool, grown)) != NULL &&
           seq_before_or_equal(next->from, grown->to)) {
        held += seq_distance(next->from, next->to);
        grown->to = seq_max(grown->to, next->to);
        treap_remove(set, pool, next->from);
    }
    return held;
}

bool ranges_add(struct ranges *set, struct pool *pool, uint32_t max, struct seq from, struct seq to,
                uint32_t *fresh, struct range *merged)
{
    struct range *range;
    uint32_t held = 0;

    CHECK(seq_before(from, to));
    /* A range that ends just at `from` touches: look for the byte before it. */
    range = ranges_at_or_after(set, pool, seq_sub(from, 1));
    if (range == NULL || seq_after(range->from, to)) {
        if (set->count >= max)
            return false;
        range = treap_insert(set, pool, (struct range){.from = from, .to = to});
        if (range == NULL)
            return false;
    } else {
        /* Its predecessor ends before `from`, so moving its start down keeps the order. */
        held = seq_distance(range->from, range->to);
        range->from = seq_min(range->from, from);
        range->to = seq_max(range->to, to);
        held += swallow_following(set, pool, range);
    }
    if (fresh != NULL)
        *fresh = seq_distance(range->from, range->to) - held;
    if (merged != NULL)
        *merged = *range;
    return true;
}

NOINLINE void ranges_trim_before(struct ranges *set, struct pool *pool, struct seq to)
{
    struct range *first;

    if (set->root == POOL_NONE)
        return;
    if (set->count == 1 && seq_before_or_equal(range_at(pool, set->root)->to, to)) {
        pool_give(pool, set->root);
        ranges_init(set);
        return;
    }
    while ((first = ranges_first(set, pool)) != NULL && seq_before_or_equal(first->to, to))
        treap_remove(set, pool, first->from);
    if (first != NULL && seq_before(first->from, to))
        first->from = to;
}

bool ranges_take_first(struct ranges *set, struct pool *pool, struct seq to, struct range *taken)
{
    uint32_t *hole = &set->root;
    uint32_t index = set->root;
    struct range *first;

    if (index == POOL_NONE)
        return false;
    first = range_at(pool, index);
    while (first->left != POOL_NONE) {
        hole = &first->left;
        index = first->left;
        first = range_at(pool, index);
    }
    if (seq_after(first->to, to))
        return false;
    *taken = *first;
    *hole = first->right;
    pool_give(pool, index);
    set->count--;
    if (UNLIKELY(set->has_marks))
        refresh_way(set, pool, taken->from);
    return true;
}

struct range *ranges_at_or_after(const struct ranges *set, const struct pool *pool, struct seq at)
{
    struct range *best = NULL;
    uint32_t index = set->root;

    while (index != POOL_NONE) {
        struct range *node = range_at(pool, index);

        if (seq_after(node->to, at)) {
            best = node;
            index = node->left;
        } else {
            index = node->right;
        }
    }
    return best;
}

struct range *ranges_first(const struct ranges *set, const struct pool *pool)
{
    struct range *first = NULL;

    for (uint32_t index = set->root; index != POOL_NONE; index = first->left)
        first = range_at(pool, index);
    return first;
}

struct range *ranges_last(const struct ranges *set, const struct pool *pool)
{
    struct range *last = NULL;

    for (uint32_t index = set->root; index != POOL_NONE; index = last->right)
        last = range_at(pool, index);
    return last;
}

struct range *ranges_next(const struct ranges *set, const struct pool *pool,
                          const struct range *range)
{
    struct range *best = NULL;
    uint32_t index = set->root;

    while (index != POOL_NONE) {
        struct range *node = range_at(pool, index);

        if (seq_after(node->from, range->from)) {
            best = node;
            index = node->left;
        } else {
            index = node->right;
        }
    }
    return best;
}

struct range *ranges_previous(const struct ranges *set, const struct pool *pool,
                              const struct range *range)
{
    struct range *best = NULL;
    uint32_t index = set->root;

    while (index != POOL_NONE) {
        struct range *node = range_at(pool, index);

        if (seq_before(node->from, range->from)) {
            best = node;
            index = node->right;
        } else {
            index = node->left;
        }
    }
    return best;
}

void ranges_mark(struct ranges *set, struct pool *pool, struct range *range, uint8_t flags)
{
    if (range->flags == flags)
        return;
    range->flags = flags;
    set->has_marks = 1;
    refresh_way(set, pool, range->from);
}

/* The flag is there (RANGE_HAS), or is missing (RANGE_LACKS). */
static bool is_flagged(uint8_t flags, uint8_t flag)
{
    return (flag & RANGE_HAS) != 0 ? (flags & flag) != 0 : (flags & flag) == 0;
}

static bool is_under(const struct pool *pool, uint32_t index, uint8_t flag)
{
    return index != POOL_NONE && is_flagged(range_at(pool, index)->under, flag);
}

struct range *ranges_first_flagged(const struct ranges *set, const struct pool *pool, struct seq at,
                                   uint8_t flag)
{
    struct range *best = NULL;
    uint32_t index = set->root;

    /* The deepest node that is behind `at` and has it, or has it to its right, comes first. */
    while (index != POOL_NONE) {
        struct range *node = range_at(pool, index);

        if (seq_after(node->to, at)) {
            if (is_flagged(node->flags, flag) || is_under(pool, node->right, flag))
                best = node;
            index = node->left;
        } else {
            index = node->right;
        }
    }
    if (best == NULL || is_flagged(best->flags, flag))
        return best;
    index = best->right;
    for (;;) {
        best = range_at(pool, index);
        if (is_under(pool, best->left, flag))
            index = best->left;
        else if (is_flagged(best->flags, flag))
            return best;
        else
            index = best->right;
    }
}

struct range *ranges_last_flagged(const struct ranges *set, const struct pool *pool,
                                  struct seq before, uint8_t flag)
{
    struct range *best = NULL;
    uint32_t index = set->root;

    while (index != POOL_NONE) {
        struct range *node = range_at(pool, index);

        if (seq_before(node->from, before)) {
            if (is_flagged(node->flags, flag) || is_under(pool, node->left, flag))
                best = node;
            index = node->right;
        } else {
            index = node->left;
        }
    }
    if (best == NULL || is_flagged(best->flags, flag))
        return best;
    index = best->left;
    for (;;) {
        best = range_at(pool, index);
        if (is_under(pool, best->right, flag))
            index = best->right;
        else if (is_flagged(best->flags, flag))
            return best;
        else
            index = best->left;
    }
}

void ranges_join_next(struct ranges *set, struct pool *pool, struct range *range)
{
    const struct range *next = ranges_next(set, pool, range);

    CHECK(next != NULL && seq_equal(range->to, next->from));
    CHECK(range->count + next->count <= UINT16_MAX);
    range->to = next->to;
    range->count = (uint16_t)(range->count + next->count);
    treap_remove(set, pool, next->from);
}

void ranges_remove(struct ranges *set, struct pool *pool, struct range *range)
{
    treap_remove(set, pool, range->from);
}

static NOINLINE struct range *treap_append(struct ranges *set, struct pool *pool, struct seq from,
                                           struct seq to)
{
    CHECK(seq_before_or_equal(ranges_last(set, pool)->to, from));
    return treap_insert(set, pool, (struct range){.from = from, .to = to});
}

struct range *ranges_append(struct ranges *set, struct pool *pool, struct seq from, struct seq to)
{
    CHECK(seq_before(from, to));
    return set->root == POOL_NONE ? treap_begin(set, pool, from, to)
                                  : treap_append(set, pool, from, to);
}

bool ranges_split(struct ranges *set, struct pool *pool, struct seq at)
{
    struct range *range = ranges_at_or_after(set, pool, at);
    struct range behind;

    if (range == NULL || !seq_before(range->from, at))
        return true;
    behind = *range;
    behind.from = at;
    if (treap_insert(set, pool, behind) == NULL)
        return false;
    range->to = at;
    return true;
}
