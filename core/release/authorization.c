/*
 * authorization.c - authorization.h.
 */
#include "release/authorization.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/trust.h"

static const char prefix[] = "Authorization: ";

#define PREFIX_LENGTH (sizeof(prefix) - 1)
/* The file's bytes stand behind the room for the prefix, a byte too many in front of the end. */
#define PAGE_SIZE (PREFIX_LENGTH + LIMIT_AUTHORIZATION + 2)

static int check_rights(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return error_set(err, -EPERM,
				 "%s holds a secret and has mode %04o: nobody but its owner may "
				 "have a right to it; chmod 0600 %s",
				 path, (unsigned)st.st_mode & 07777u, path);
	}
	return 0;
}

static int make_page(struct authorization *authorization, struct error *err)
{
	void *page =
		mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		return error_no_memory(err);
	}
	authorization->page = page;
	authorization->size = PAGE_SIZE;
	/* madvise(2): left out of core files; not left to children. */
	if (madvise(page, PAGE_SIZE, MADV_DONTDUMP) < 0 ||
	    madvise(page, PAGE_SIZE, MADV_DONTFORK) < 0) {
		return error_set(err, -errno, "cannot keep a secret: %s", strerror(errno));
	}
	return 0;
}

static int fill(struct authorization *authorization, int fd, const char *path, size_t *ret_length,
		struct error *err)
{
	char *text = authorization->page + PREFIX_LENGTH;
	size_t length = 0;

	for (;;) {
		ssize_t got = read(fd, text + length, LIMIT_AUTHORIZATION + 1 - length);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
		}
		if (got == 0) {
			break;
		}
		length += (size_t)got;
		if (length > LIMIT_AUTHORIZATION) {
			return error_set(err, -EINVAL, "%s is longer than %u bytes", path,
					 LIMIT_AUTHORIZATION);
		}
	}
	*ret_length = length;
	return 0;
}

/* One line of printable characters, with or without the header's name in front. */
static int judge(struct authorization *authorization, size_t length, const char *path,
		 struct error *err)
{
	char *text = authorization->page + PREFIX_LENGTH;

	length -= length > 0 && text[length - 1] == '\n';
	length -= length > 0 && text[length - 1] == '\r';
	bool is_named = length >= PREFIX_LENGTH && strncasecmp(text, prefix, PREFIX_LENGTH) == 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] >= 0x7f) {
			length = 0;
		}
	}
	if (length == 0 || (is_named && length == PREFIX_LENGTH)) {
		return error_set(err, -EINVAL,
				 "%s must be one line of ASCII: Authorization: and a value, or "
				 "only the value",
				 path);
	}
	memcpy(authorization->page, prefix, PREFIX_LENGTH);
	authorization->line = is_named ? text : authorization->page;
	authorization->length = is_named ? length : length + PREFIX_LENGTH;
	return 0;
}

int authorization_read(const char *path, bool check_trust, struct authorization *ret,
		       struct error *err)
{
	struct authorization authorization = {0};
	size_t length = 0;
	int rc = check_trust ? trust_check_chain(path, geteuid(), err) : 0;
	auto_close int fd = rc == 0 ? file_open(path, err) : -1;

	if (rc == 0) {
		rc = fd < 0 ? fd : check_rights(fd, path, err);
	}
	if (rc == 0) {
		rc = make_page(&authorization, err);
	}
	if (rc == 0) {
		rc = fill(&authorization, fd, path, &length, err);
	}
	if (rc == 0) {
		rc = judge(&authorization, length, path, err);
	}
	if (rc < 0) {
		authorization_finish(&authorization);
		return rc;
	}
	*ret = authorization;
	return 0;
}

void authorization_finish(struct authorization *authorization)
{
	if (authorization->page != NULL) {
		explicit_bzero(authorization->page, authorization->size);
		(void)munmap(authorization->page, authorization->size);
	}
	*authorization = (struct authorization){0};
}
