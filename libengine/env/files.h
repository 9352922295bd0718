/*
 * files.h - the names of a database's files: fixed words and numbers.
 *
 *   CURRENT  LOCK  MANIFEST-000007  000012.log  000013.sst  lost+found
 *   UNFINISHED
 *
 * A number has at least six digits, and no leading zero beyond them.
 */
#ifndef ENV_FILES_H
#define ENV_FILES_H

#include <stdbool.h>
#include <stdint.h>

enum file_kind {
	FILE_OTHER = 0,
	FILE_TABLE = 1,		/* these three values stand in file headers */
	FILE_LOG = 2,
	FILE_MANIFEST = 3,
	FILE_CURRENT = 4,
	FILE_LOCK = 5,
	FILE_LOST = 6,		/* lost+found */
	FILE_TEMPORARY = 7,	/* CURRENT.new: a replace that did not end */
	FILE_UNFINISHED = 8	/* a copy is being made here, or was */
};

enum { FILE_NAME_MAX = 32 };

/* Ends the story of a file that is missing: nobody removed it where a copy was
 * made while a writer was at work, or of links, behind which the writer went
 * on. Below the engine nobody can tell, so it asks. */
#define FILES_MADE_WHOLE "; a copy made of links, or of a database in use? " \
    "lsm-cli DIR checkpoint DEST makes a whole one"

/* Write the name of a kind (and number, where it has one). Returns `name`. */
const char *file_name(char name[FILE_NAME_MAX], enum file_kind,
    uint64_t number);

/* As much of any name as fits. */
void file_name_copy(char to[FILE_NAME_MAX], const char *name);

/* What a name stands for; FILE_OTHER when it is none of ours. */
enum file_kind file_parse(const char *name, uint64_t *number);

/* "table", "log", ... */
const char *file_kind_word(enum file_kind);

#endif
