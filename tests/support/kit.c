/*
 * kit.c - a database on a simulated disk of its own.
 */
#include "support/kit.h"

void
kit_init(struct kit *k)
{
	k->sim = sim_new(test_seed());
	k->o = dbkit_options(k->sim);
	k->db = NULL;
}

void
kit_init_small(struct kit *k)
{
	kit_init(k);
	k->o.memtable_size = 64 << 10;
	k->o.table_size = 16 << 10;
	k->o.l0_trigger = 2;
	k->o.codec = LSM_CODEC_NONE;
}

void
kit_start(struct kit *k)
{
	k->db = dbkit_open("db", &k->o);
}

void
kit_open(struct kit *k)
{
	kit_init(k);
	kit_start(k);
}

void
kit_close(struct kit *k)
{
	dbkit_close(k->db);
	sim_free(k->sim);
}

void
kit_reopen(struct kit *k)
{
	dbkit_close(k->db);
	kit_start(k);
}

/* The old handle is closed on the old disk, where that changes nothing. */
static void
move(struct kit *k, struct sim *left)
{
	dbkit_close(k->db);
	sim_free(k->sim);
	k->sim = left;
	k->o.env = sim_env(left);
	kit_start(k);
}

void
kit_kill(struct kit *k)
{
	move(k, sim_kill(k->sim, sim_operations(k->sim)));
}

void
kit_crash(struct kit *k)
{
	move(k, sim_crash(k->sim, sim_operations(k->sim), SIM_DROP, 0));
}
