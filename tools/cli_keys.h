/*
 * cli_keys.h - the keys that a command is about: its operands, the bytes of
 * --key-file, or the lines of --keys-from.
 */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "lsm.h"

#include "cli_command.h"

/* As far as the words tell; SIZE_MAX when a file does. */
size_t keys_count(const struct request *);

/* Refuse two sources, none, and a stdin that holds the script. */
int keys_check(const struct request *);

/*
 * Call `each` with every key, in order, until it returns a status other than
 * 0, which is returned. `rest`, if there is one, is called before a wait for
 * more of them and at the end, a bad one too: there who gathered keys deals
 * with them.
 */
int keys_each(struct request *, int (*each)(void *, lsm_slice key),
    int (*rest)(void *), void *arg);

#endif
