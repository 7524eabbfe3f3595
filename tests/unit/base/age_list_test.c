/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * age_list_test.c: against an array that is shifted about.
 */
#include "age_list.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OBJECTS = 12 };

struct object {
    uint64_t payload;
    struct age_node node;
};

struct model {
    uint32_t order[OBJECTS];
    uint32_t count;
};

static void model_insert(struct model *model, uint32_t at, uint32_t index)
{
    memmove(model->order + at + 1, model->order + at, (model->count - at) * sizeof model->order[0]);
    model->order[at] = index;
    model->count++;
}

static bool model_remove(struct model *model, uint32_t index)
{
    for (uint32_t i = 0; i < model->count; i++) {
        if (model->order[i] != index)
            continue;
        model->count--;
        memmove(model->order + i, model->order + i + 1,
                (model->count - i) * sizeof model->order[0]);
        return true;
    }
    return false;
}

static void assert_same(const struct age_list *list, const struct model *model)
{
    uint32_t index = list->oldest, back = list->newest;

    assert_int_equal(list->count, model->count);
    for (uint32_t i = 0; i < model->count; i++) {
        assert_int_equal(index, model->order[i]);
        assert_int_equal(back, model->order[model->count - 1 - i]);
        index = age_node_at(list, index)->newer;
        back = age_node_at(list, back)->older;
    }
    assert_int_equal(index, POOL_NONE);
    assert_int_equal(back, POOL_NONE);
}

static void order_is_that_of_a_shifted_array(void **state)
{
    static struct object memory[OBJECTS];
    struct model model = {.count = 0};
    struct age_list list;
    struct pool pool;
    struct rng rng;

    (void)state;
    pool_init(&pool, memory, sizeof memory[0], OBJECTS);
    for (unsigned i = 0; i < OBJECTS; i++)
        pool_take(&pool);
    age_list_init(&list, &pool, offsetof(struct object, node));
    rng_init(&rng, 1);
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t index = rng_below(&rng, OBJECTS);
        if (!model_remove(&model, index)) {
            bool as_newest = rng_below(&rng, 2) == 0;
            model_insert(&model, as_newest ? model.count : 0, index);
            if (as_newest)
                age_list_add_newest(&list, index);
            else
                age_list_add_oldest(&list, index);
        } else if (rng_below(&rng, 2) == 0) {
            age_list_remove(&list, index);
        } else {
            model_insert(&model, model.count, index);
            age_list_touch(&list, index);
        }
        assert_same(&list, &model);
    }
}

static void an_empty_list_gives_nothing_away(void **state)
{
    struct age_list list;
    struct pool pool;
    static struct object memory[1];

    (void)state;
    pool_init(&pool, memory, sizeof memory[0], 1);
    pool_take(&pool);
    age_list_init(&list, &pool, offsetof(struct object, node));
    expect_assert_failure(age_list_remove(&list, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_that_of_a_shifted_array),
        cmocka_unit_test(an_empty_list_gives_nothing_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
