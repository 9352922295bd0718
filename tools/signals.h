/*
 * signals.h - SIGINT, SIGTERM and SIGHUP stop a tool at its next safe point.
 *
 * The first one is remembered; the tool looks at signals_pending() between
 * records, closes what it holds and dies by that signal in cli_finish(). A
 * second one kills at once. A signal that was ignored at the start stays so.
 * Who has not ended soon after the first says so: a step may be long that must
 * not be cut, such as the sync of a file. The threads of the library take no
 * signal, so it always interrupts the tool's own waits.
 *
 * SIGUSR1 asks a long job to say how far it is.
 *
 * SIGPIPE is ignored; whoever finds EPIPE on stdout calls signals_note(), so
 * that the database is closed before the tool dies by it, silently. SIGXFSZ is
 * ignored as well: a file that may not grow (ulimit -f) is a failed write,
 * whose story is told and whose file is removed.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Returns 0, or -1 with errno. */
int signals_start(void);

/* What says so, within a tenth of a second. It runs in a signal handler. */
void signals_when_late(void (*say)(void));

/* Before this process becomes another program: as before signals_start(), and
 * dead if a signal has come. SIGPIPE and SIGXFSZ stay ignored. */
void signals_stop(void);

/* The signal that wants the tool to stop, 0 if none. */
int signals_pending(void);

/* As if the signal had come. */
void signals_note(int signal);

/* Forget a pending SIGINT: a prompt cancels a command and goes on. */
void signals_forget_interrupt(void);

/* Whether SIGUSR1 asked for a line of progress since the last call. */
bool signals_asked(void);

/* Sleep, but no longer than to the next signal. */
void signals_sleep(uint64_t us);

/* Becomes readable when a signal comes, for poll(2): no signal is lost between
 * the question and the wait. -1, which poll(2) passes over, when there are no
 * descriptors left. */
int signals_fd(void);

/* Die by the signal's default action. */
_Noreturn void signals_die(int signal);

#endif
