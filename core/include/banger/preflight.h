/*
 * preflight.h - the preflight plugin ABI, major 1: the only header a plugin needs.
 *
 * A plugin is one shared object that looks at the host and at a release that is about to be
 * installed, and says whether the update may go ahead. It changes nothing: the updater acts, the
 * plugin judges. It exports one constant, pf_plugin_v1, which PF_PLUGIN() defines:
 *
 *	static int check(const struct pf_host *h)
 *	{
 *		return h->finding(h, PF_COMPATIBLE, "mine.fine", "all is well", NULL);
 *	}
 *	PF_PLUGIN(.name = "mine", .version = "1", .summary = "looks at mine", .check = check);
 *
 * How a plugin runs: alone in a process of its own, which is started for one check and ends after
 * it. No init, no fini, no unload, and nothing to share with anybody. stdin is /dev/null; what it
 * writes to stdout and stderr is kept for the log (16 KiB) and never read for meaning. Its
 * environment is PATH, LC_ALL and TMPDIR (scratch.dir, where there is one) alone. When its time is
 * over it gets SIGTERM (cancelled() turns true), 200 ms later SIGKILL, with its whole process
 * group.
 *
 * What counts: check() returned 0, at least one finding was made and every finding was accepted.
 * A crash, a timeout, exit(3), silence or a refused finding is an error, and an error is a refusal.
 *
 * Memory: strings are UTF-8, end in NUL, and are borrowed for the duration of the call, in both
 * directions; what the host returns lives until check() returns. Nobody frees the other side's
 * memory. Only integers of fixed width, const char * and function pointers cross.
 *
 * Growth: fields are appended at the end, never moved, removed or reused. Every struct begins with
 * its size; PF_HAS() tells whether the other side's struct is long enough for a newer field.
 */
#ifndef BANGER_PREFLIGHT_H
#define BANGER_PREFLIGHT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PF_ABI_MAJOR 1u /* also part of the symbol's name, pf_plugin_v1 */
#define PF_ABI_MINOR 0u /* counts the additions since 1.0 */

#define PF_EXPORT __attribute__((visibility("default")))

/* True when *p, which somebody else has built, is long enough to contain field. */
#define PF_HAS(type, p, field) ((p)->size >= offsetof(type, field) + sizeof((p)->field))

/*
 * Verdicts, in order of severity: a plugin's verdict is the largest of its findings, the update's
 * the largest of all plugins. 0 is not a verdict: forgetting to decide is an error, never a pass.
 */
typedef int32_t pf_verdict;
#define PF_SKIP         10 /* does not apply to this host or update, or is not configured */
#define PF_COMPATIBLE   20 /* go ahead */
#define PF_NEEDED       30 /* safe to go ahead; something will happen on the way */
#define PF_BUSY         35 /* not now (operations in flight); a person may waive it */
#define PF_ERROR        40 /* could not find out: a refusal */
#define PF_INCOMPATIBLE 50 /* the update must not happen; nobody can waive it */

#define PF_LOG_DEBUG 0
#define PF_LOG_INFO  1
#define PF_LOG_WARN  2

/* Limits, in bytes without the NUL; past them a call returns -E2BIG. */
#define PF_MAX_CODE     64u   /* a code or a key: [A-Za-z0-9][A-Za-z0-9._-]* */
#define PF_MAX_TEXT     2047u /* a text, a remedy, a fact's value, a log line */
#define PF_MAX_FINDINGS 64u
#define PF_MAX_FACTS    256u

/*
 * What the host offers, valid until check() returns.
 *
 * Threads: remaining_ms() and cancelled() may be called from any thread, the others only from the
 * thread that entered check(), in the process that entered it: a fork's child is not heard.
 * Results of type int are 0 or a negative errno value: -EINVAL (a verdict, code or key that is
 * none, or an empty text), -E2BIG (a limit), -EPERM (wrong thread or process), -EIO (the host has
 * gone). A finding that is refused is not forgotten: it makes the whole run an error.
 *
 * Control characters, bidirectional overrides and bytes that are no UTF-8 reach the host as '?'.
 */
struct pf_host {
	uint32_t size;
	uint16_t abi_major;
	uint16_t abi_minor;
	void *ctx; /* the host's own */

	/* One line for the log; an unknown level counts as PF_LOG_DEBUG. Too much of it is dropped.
	 */
	void (*log)(const struct pf_host *h, int32_t level, const char *text);

	/* The value of an option the plugin declared: from its INI section, else its fallback.
	 * NULL: not declared. */
	const char *(*config)(const struct pf_host *h, const char *key);

	/*
	 * What is updated and how; NULL when the host does not know or it does not apply. A list
	 * has one name a line (with '\n' between, none at the end). N is a name out of its list.
	 *
	 *	product               what is updated
	 *	version.from          the installed version; NULL when unknown
	 *	version.to            the release's version
	 *	root                  "" in production, else the directory that stands for "/".
	 *	                      The paths below have it in front already
	 *	stage.dir             where the release's files lie, unpacked and verified
	 *	scratch.dir           a directory the plugin may write to; removed afterwards
	 *	artifacts             list of the files that will be replaced
	 *	artifact.N.staged     the new file, inside stage.dir
	 *	artifact.N.removed    "yes": a rollback removes it, the previous release had none
	 *	artifact.N.install    the path it will get
	 *	artifact.N.unit       of a unit file: what systemd thinks of the new one:
	 *	                      accepted, refused, unknown
	 *	artifact.N.unit_reason  a sentence about it, unless it is accepted
	 *	services              list of the services that will be restarted
	 *	service.N.state       running, stopped, unwell (it runs, but says that it is not
	 *	                      well), failed, restarting, masked, missing or unknown
	 *	service.N.reason      a sentence about the state, when there is one
	 *	service.N.pid         its main process, when it runs
	 *	service.N.pid_file    the file that names it, when one is configured
	 *	service.N.ends_children  a sentence: its processes that are to live on would not
	 *	databases             list of the SQLite databases
	 *	database.N.path       its file
	 *	database.N.user       the user it belongs to
	 *	database.N.record     the table that records its applied migrations
	 *	database.N.restored   "yes" when a snapshot goes back with the release, which has
	 *	                      left it like that; path is then the snapshot's
	 *	database.N.missing    "ok" when the file may be missing before the update, else
	 *	                      "error"
	 *	database.N.on_rollback
	 *	                      "if-changed", "always" or "never": when it is put back
	 *	release.migrations.N  list of the migration identifiers (decimal) that the release
	 *	                      knows for database N, out of its signed description; "" is
	 *	                      none of them, NULL means that the release does not say
	 */
	const char *(*subject)(const struct pf_host *h, const char *key);

	/* A measurement: kept with the run and shown as one flat JSON object per plugin. A key that
	 * is given again gets the new value. */
	int (*fact_str)(const struct pf_host *h, const char *key, const char *value);
	int (*fact_i64)(const struct pf_host *h, const char *key, int64_t value);

	/*
	 * One conclusion. code is stable and for programs ("disk.low"; codes in "plugin." are the
	 * host's own). text is for a person: what was found and why it matters. remedy says what to
	 * do; NULL when there is nothing to do.
	 */
	int (*finding)(const struct pf_host *h, pf_verdict verdict, const char *code,
		       const char *text, const char *remedy);

	/* Milliseconds until the plugin should be done (nine tenths of its timeout), never below 0.
	 */
	int64_t (*remaining_ms)(const struct pf_host *h);

	/* Not 0: return now. */
	int (*cancelled)(const struct pf_host *h);
};

/* A key of the plugin's INI section. A section with any other key is an error that names these. */
struct pf_option {
	const char *key;
	const char *fallback; /* NULL: required. Without a section the plugin then reports skip */
	const char *help;     /* one line */
};

/* What a plugin asks for beyond reading. Its INI section must grant it (grant = network root).
 * Without that, root by its databases has neither capabilities nor local sockets. */
#define PF_NEED_NETWORK  (1u << 0)
#define PF_NEED_ROOT     (1u << 1)
#define PF_NEED_DATABASE (1u << 2) /* to run as the user of the databases; needs no grant */

struct pf_plugin {
	uint32_t size;
	uint16_t abi_major;
	uint16_t min_minor;   /* the oldest host minor the plugin can run on; 0: any */
	uint32_t option_size; /* sizeof(struct pf_option) as the plugin was built */
	uint32_t needs;       /* PF_NEED_*; 0: nothing */
	const char *name; /* [a-z][a-z0-9-]{0,31}; the file is NAME.so, the section [plugin NAME] */
	const char *version;
	const char *summary;             /* one line */
	const struct pf_option *options; /* ended by a NULL key; NULL: none */

	/* Called once. 0: ran to its end and has made a finding (PF_ERROR ones too). A negative
	 * errno value: could not even say what is wrong. */
	int (*check)(const struct pf_host *h);
};

/* Defines the plugin; takes designated initialisers of struct pf_plugin. */
#define PF_PLUGIN(...)                                                                             \
	extern PF_EXPORT const struct pf_plugin pf_plugin_v1;                                      \
	const struct pf_plugin pf_plugin_v1 = {.size = sizeof(struct pf_plugin),                   \
					       .abi_major = PF_ABI_MAJOR,                          \
					       .option_size = sizeof(struct pf_option),            \
					       __VA_ARGS__}

/* log() with a format; cut at PF_MAX_TEXT. */
__attribute__((format(printf, 3, 4))) static inline void pf_logf(const struct pf_host *h,
								 int32_t level, const char *format,
								 ...)
{
	char text[PF_MAX_TEXT + 1];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	h->log(h, level, text);
}

#ifdef __cplusplus
}
#endif
#endif
