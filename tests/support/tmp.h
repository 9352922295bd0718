/*
 * tmp.h - temporary directories of test programs.
 */
#ifndef SUPPORT_TMP_H
#define SUPPORT_TMP_H

/* A new empty directory in TMPDIR; to be freed with tmp_remove. */
char *tmp_new(void);
/* Remove the directory and all that is in it, and free the name. */
void tmp_remove(char *path);
/* Remove what is at this path, a directory with its content. */
void tmp_clear(const char *path);

#endif
