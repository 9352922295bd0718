/*
 * signals.c - SIGINT, SIGTERM and SIGHUP stop a tool at its next safe point.
 *
 * The first of them starts a timer, so that one who waits for the end of a
 * long step is told why.
 */
#define _XOPEN_SOURCE 700	/* for setitimer(2) */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
enum { STOPS = sizeof stops / sizeof *stops };

enum { PATIENCE_US = 50000 };

static void (*say_late)(void);
static volatile sig_atomic_t pending, asked, pipe_write = -1;
static int pipe_read = -1;

static void
handle_late(int signal)
{
	int saved = errno;

	(void)signal;
	if (pending != 0)
		say_late();
	errno = saved;
}

/* 0: it is off. */
static void
timer_set(int us)
{
	struct itimerval t = { .it_value = { .tv_usec = us } };
	struct sigaction tell = { .sa_handler = handle_late,
		.sa_flags = SA_RESTART };

	if (say_late != NULL && sigaction(SIGALRM, &tell, NULL) == 0)
		setitimer(ITIMER_REAL, &t, NULL);
}

static void
handle(int signal)
{
	int saved = errno;

	if (pending != 0)
		signals_die(signal);
	pending = signal;
	timer_set(PATIENCE_US);
	if (pipe_write != -1 && write(pipe_write, "", 1) == -1) {
		/* A full pipe is readable, which is all that is wanted. */
	}
	errno = saved;
}

static void
handle_ask(int signal)
{
	(void)signal;
	asked = 1;
}

/* Only who waits needs it: most commands never do. */
static int
pipe_open(void)
{
	int fds[2], i;

	if (pipe(fds) != 0)
		return -1;
	for (i = 0; i < 2; i++) {
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(fds[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	}
	pipe_read = fds[0];
	pipe_write = fds[1];
	if (pending != 0 && write(pipe_write, "", 1) == -1)
		return -1;
	return 0;
}

/* Without SA_RESTART: a wait returns EINTR. */
static int
stop_install(int signal)
{
	struct sigaction old, new = { .sa_handler = handle };

	sigemptyset(&new.sa_mask);
	if (sigaction(signal, NULL, &old) != 0)
		return -1;
	return old.sa_handler == SIG_IGN ? 0 : sigaction(signal, &new, NULL);
}

int
signals_start(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction ask = { .sa_handler = handle_ask,
		.sa_flags = SA_RESTART };
	size_t i;

	for (i = 0; i < STOPS; i++) {
		if (stop_install(stops[i]) != 0)
			return -1;
	}
	if (sigaction(SIGUSR1, &ask, NULL) != 0 ||
	    sigaction(SIGXFSZ, &ignore, NULL) != 0)
		return -1;
	return sigaction(SIGPIPE, &ignore, NULL);
}

/* From here on a signal kills, so none is lost between the look at those that
 * have come and the other program's own handlers. */
void
signals_stop(void)
{
	struct sigaction old, standard = { .sa_handler = SIG_DFL };
	size_t i;

	for (i = 0; i < STOPS; i++) {
		if (sigaction(stops[i], NULL, &old) == 0 &&
		    old.sa_handler == handle)
			sigaction(stops[i], &standard, NULL);
	}
	if (pending != 0)
		signals_die(pending);
	if (pipe_read == -1)
		return;
	close(pipe_read);
	close(pipe_write);
	pipe_read = pipe_write = -1;
}

void
signals_when_late(void (*say)(void))
{
	say_late = say;
}

int
signals_pending(void)
{
	return pending;
}

bool
signals_asked(void)
{
	bool was = asked != 0;

	asked = 0;
	return was;
}

void
signals_sleep(uint64_t us)
{
	struct pollfd fd = { .fd = signals_fd(), .events = POLLIN };
	uint64_t ms = us / 1000;

	poll(&fd, 1, ms < INT_MAX ? (int)ms + 1 : INT_MAX);
}

void
signals_note(int signal)
{
	pending = signal;
}

void
signals_forget_interrupt(void)
{
	char drop[16];

	if (pending != SIGINT)
		return;
	while (pipe_read != -1 && read(pipe_read, drop, sizeof drop) > 0)
		;
	timer_set(0);
	pending = 0;
}

int
signals_fd(void)
{
	if (pipe_read == -1 && pipe_open() != 0)
		return -1;
	return pipe_read;
}

_Noreturn void
signals_die(int signal)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	sigaction(signal, &standard, NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(signal);
	_exit(128 + signal);
}
