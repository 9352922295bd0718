/*
 * cli_need.h - options that do nothing without something else.
 */
#ifndef CLI_NEED_H
#define CLI_NEED_H

#include <stddef.h>
#include <stdint.h>

#include "cli_settings.h"

/* Refuse options that were given and would do nothing in the command of this
 * scope, which has so many operands. Returns an exit status. */
int needs_check(const struct settings *, uint32_t scope, size_t operands);

#endif
