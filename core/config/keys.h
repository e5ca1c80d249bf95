/*
 * keys.h - the table of sections and keys: the only place that knows what the INI may say.
 *
 * Reading, defaults, required keys, suggestions, config_visit() and the test of the sample file
 * walk it. A new key is a member in a struct and a row here.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum section_kind {
	SECTION_UPDATE,
	SECTION_ARTIFACT,
	SECTION_SERVICE,
	SECTION_DATABASE,
	SECTION_HEALTH,
	SECTION_PREFLIGHT,
	SECTION_PLUGIN,
	SECTION_KINDS, /* how many there are */
};

struct section_row {
	const char *word;    /* between the brackets */
	const char *letters; /* what its name may have beside letters and digits; NULL: no name */
	size_t name_max;     /* bytes */
	size_t maximum;      /* sections of this kind */
	bool open;           /* keys that are not in the table are kept as they are */
};

extern const struct section_row section_rows[SECTION_KINDS];

enum value_type {
	VALUE_PRODUCT,  /* char *: part of file names */
	VALUE_NAME,     /* char *: the name of an artifact */
	VALUE_USER,     /* char *: a user or group, name or number */
	VALUE_TABLE,    /* char *: a plain SQL identifier */
	VALUE_URL,      /* char *: begins with one of words */
	VALUE_PATH,     /* char *: absolute and normalized; the root comes in front */
	VALUE_URLS,     /* struct strings: addresses like VALUE_URL, blanks between them */
	VALUE_COMMAND,  /* struct command */
	VALUE_DURATION, /* uint64_t: milliseconds */
	VALUE_SIZE,     /* uint64_t: bytes */
	VALUE_NUMBER,   /* uint64_t */
	VALUE_BOOL,     /* bool: the value of one of words */
	VALUE_MODE,     /* mode_t */
	VALUE_WORD,     /* an enum: the value of one of words */
	VALUE_FLAGS,    /* several of words, each sets the bool at the offset that is its value */
};

struct word {
	const char *text; /* NULL ends the list */
	size_t value;
};

struct document;

/* Works out a default that is no constant: an allocated text as the file would write it, or NULL
 * when there is none. 0 or -ENOMEM. */
typedef int (*default_derivation)(const struct document *document, const char *root, char **ret);

struct key_row {
	const char *name; /* NULL ends the table */
	enum section_kind kind;
	enum value_type type;
	size_t offset;             /* in the section's struct, see keys.c */
	const struct word *words;  /* of URL, BOOL, WORD and FLAGS */
	const char *fallback;      /* the default as the file would write it; NULL: unset */
	default_derivation derive; /* comes before fallback, which then only describes it */
	const char *least, *most;  /* of DURATION, SIZE and NUMBER, as the file would write them */
	bool required;
	bool rootless_default; /* no root in front of the default path */
	bool may_be_empty;     /* "key =" unsets it */
	bool manager_command;  /* belongs to manager = command only */
	bool has_version;      /* a COMMAND that runs only where {version} has a value */
	const char *help;      /* one line */
};

extern const struct key_row key_rows[];

/* NULL: there is none. */
const struct key_row *key_find(enum section_kind kind, const char *name);

/* The kind of the section that is called word; -ENOENT. */
MUST_CHECK int section_kind_find(const char *word, enum section_kind *ret);

/*
 * What to write instead of an unknown word: "did you mean 'install'?" when one is near, else all
 * that there are. Appends to hint. 0 or -ENOMEM.
 */
MUST_CHECK int key_suggest(enum section_kind kind, const char *name, struct buffer *hint);
MUST_CHECK int section_suggest(const char *word, struct buffer *hint);

#endif
