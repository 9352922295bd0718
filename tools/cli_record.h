/*
 * cli_record.h - a record on stdout, in one of the formats.
 *
 *   tsv    key TAB value LF, both escaped (the key: as --key-format says)
 *   json   {"key":"...","value":"..."} LF
 *   raw    the bytes and LF
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "lsm.h"

#include "cli_settings.h"

/* NULL for a side that is not wanted. FORMAT_DEFAULT is tsv. */
void record_print(const struct settings *, const lsm_slice *key,
    const lsm_slice *value);

/* {"key":"...","found":false}: in json only, silent otherwise. */
void record_absent(const struct settings *, lsm_slice key);

/* A key as a column of tsv or text. */
void record_key(enum key_format, lsm_slice key);

#endif
