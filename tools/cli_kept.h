/*
 * cli_kept.h - options kept in a database, as they are typed: NAME=VALUE.
 */
#ifndef CLI_KEPT_H
#define CLI_KEPT_H

#include "lsm.h"

#include "cli_settings.h"
#include "words.h"

/* Set what the word says; the message of a failure begins with `what`. Returns
 * an exit status. */
int kept_set(lsm_options *, struct word, const char *what);

/* Add what --set says to the settings. */
int kept_add(struct settings *, struct word);

/* --codec and --set=codec say the same, or one of them nothing. */
int kept_codec_check(const struct settings *);

/* A database that was there already must have what --set and --codec say. */
int kept_agree(lsm_db *, const struct settings *, const char *directory);

#endif
