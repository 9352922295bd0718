/*
 * copykit.h - a database worth copying, and the proof of a copy.
 */
#ifndef SUPPORT_COPYKIT_H
#define SUPPORT_COPYKIT_H

#include "support/dbkit.h"

lsm_options copykit_reading(lsm_options);	/* to read */
lsm_options copykit_existing(lsm_options);	/* without create */

/* Two tables, and a log whose end is in the ring only: "b=2 c=3". */
lsm_db *copykit_mixed(const char *path, const lsm_options *);

/* Opened to read and to write, verified from end to end: dbkit_scan's text. */
void copykit_check(const char *path, lsm_options, const char *content);

#endif
