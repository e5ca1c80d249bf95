/*
 * fetch.h - bytes from a URL, handed over as they arrive, never more than allowed.
 *
 * All reading of release documents goes through here and through one table of schemes. What
 * arrives is not trusted, whatever it came over. http and https are fetched by a helper process
 * (fetch/) that can do nothing else; which of them a document may name is decided by the address
 * that the administrator configured.
 */
#ifndef RELEASE_FETCH_H
#define RELEASE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Who gets the bytes, in pieces of any size. */
struct fetch_sink {
	int (*take)(void *data, const void *bytes, size_t length, struct error *err);
	/* What was taken is forgotten, the document begins anew; not NULL unless only local files
	 * are fetched. */
	int (*restart)(void *data, struct error *err);
	void *data;
	uint64_t maximum; /* bytes altogether */
	bool *joined;     /* NULL, or set when the document came in several parts */
};

/* How far a document is. */
struct fetch_progress {
	uint64_t done;
	uint64_t total;   /* 0: not known */
	uint64_t attempt; /* from 1 */
};

/* What may be fetched, how, and for how long. Texts are lent until fetcher_close(). */
struct fetch_options {
	int helper_fd;        /* libexec fetch; -1: not installed */
	const char *manifest; /* the configured address */
	const char *proxy;    /* NULL: none */
	const char *ca_file;  /* NULL: the system's certificates */
	const char *authorization_file;
	const char *authorization_origin; /* the address it is meant for: scheme, host, port */
	bool check_trust;                 /* ca_file and the secret; set when running as root */
	uint64_t timeout_ms;              /* of all documents together, from fetcher_open() on */
	uint64_t connect_timeout_ms;
	uint64_t min_rate; /* bytes a second; 0: none */
	uint64_t min_rate_window_ms;
	uint64_t retries;        /* after failures that may pass */
	uint64_t retry_pause_ms; /* before the first of them, then twice as long each */
	/* Called while it is waited, several times a second; a code below 0 ends the fetch. NULL:
	 * nobody asks. */
	int (*tick)(void *data, const struct fetch_progress *progress, struct error *err);
	void *tick_data;
};

struct fetcher;

/* Opens what the options name. -EPERM, -EINVAL: ca_file or the secret cannot be used. */
MUST_CHECK int fetcher_open(const struct fetch_options *options, struct fetcher **ret,
			    struct error *err);
void fetcher_close(struct fetcher **fetcher);
#define auto_fetcher __attribute__((cleanup(fetcher_close)))

/* How the helper said it was confined: "user 65534, landlock 7" (0: the kernel has none). "" before
 * its first answer. */
const char *fetcher_confinement(const struct fetcher *fetcher);

/*
 * Fetches url. fetcher NULL: only local files. With a manifest over https nothing else is fetched;
 * over http also https; with a local one also files and https.
 * -ENOTSUP: a scheme that is not fetched; -EPROTO: one that the manifest must not name, or the
 * server did something that is refused; -EFBIG: more than maximum; -ETIMEDOUT: too slow; -ENOENT;
 * -EACCES: the certificate; -EHOSTUNREACH, -ECONNRESET, -EAGAIN: after all retries; what take
 * returned.
 */
MUST_CHECK int fetch(struct fetcher *fetcher, const char *url, const struct fetch_sink *sink,
		     struct error *err);

/* Appends a whole document; its size is limited by the buffer's. */
MUST_CHECK int fetch_document(struct fetcher *fetcher, const char *url, struct buffer *buffer,
			      struct error *err);

#endif
