/*
 * out_file.h - what stdout would get goes to a file, whole or not at all.
 *
 * It is written under another name in the same directory, synced and renamed
 * when all went well; otherwise nothing is left of it. Nothing that is there is
 * touched unless that was asked for; then a file is replaced, behind links too,
 * and what is no file is written to.
 */
#ifndef OUT_FILE_H
#define OUT_FILE_H

#include <stdbool.h>

enum { OUT_NAME_MAX = 4096 };

struct out_file {
	const char *path;	/* borrowed; NULL: not started */
	bool force;
	bool through;		/* what is there is written to */
	int fd;
	char target[OUT_NAME_MAX];	/* the file, behind all links */
	char temporary[OUT_NAME_MAX];
};

/* Returns an exit status. */
int out_file_start(struct out_file *, const char *path, bool force);

/* `status` is that of what was written; returns the worse of it and of what
 * ending the file brought. */
int out_file_end(struct out_file *, int status);

#endif
