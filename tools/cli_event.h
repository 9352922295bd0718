/*
 * cli_event.h - what happens in the background, a line of JSON each on stderr.
 */
#ifndef CLI_EVENT_H
#define CLI_EVENT_H

#include "lsm.h"

/* For lsm_options.event. */
void event_print(void *arg, const lsm_event *);

#endif
