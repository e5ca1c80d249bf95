/*
 * snapshot_copier.c - snapshot_copier.h: the database once, then its WAL in rounds, the last of
 * them after the stop.
 */
#include "install/snapshot_copier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/servant.h"
#include "install/copy.h"
#include "install/dbfile.h"
#include "install/wal.h"

/* A WAL that starts anew under our eyes is copied anew; the holder allows that once. */
#define ROUND_TRIES 3
#define INDEX_TRIES 10

struct copier {
	const struct snapshot_place *place;
	int main;
	int copy;
	int wal;
	int shm;
	int copy_wal;
	unsigned char header[WAL_HEADER_SIZE]; /* of the WAL that is being copied */
	uint64_t copied;                       /* bytes of it */
	struct wal_chain chain;
};

static int open_copy(const char *path, int flags, mode_t mode, struct error *err)
{
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_CREAT | flags, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0) {
		return error_set(err, -errno, "cannot create %s: %s", path, strerror(errno));
	}
	return take_fd(&fd);
}

/* The database, opened again in case it was replaced, and the file that its copy goes to. */
static int open_main(struct copier *copier, int flags, struct error *err)
{
	struct stat st;

	guard_close(&copier->main);
	guard_close(&copier->copy);
	copier->main = file_open(copier->place->live, err);
	if (copier->main < 0) {
		return copier->main;
	}
	if (fstat(copier->main, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", copier->place->live,
				 strerror(errno));
	}
	copier->copy = open_copy(copier->place->temporary, flags, st.st_mode & 0777, err);
	return copier->copy < 0 ? copier->copy : 0;
}

static void forget_wal(struct copier *copier)
{
	guard_close(&copier->wal);
	guard_close(&copier->shm);
	guard_close(&copier->copy_wal);
	copier->copied = 0;
	memset(copier->header, 0, sizeof(copier->header));
}

static int copy_main(struct copier *copier, struct error *err)
{
	const char *name = copier->place->temporary;
	uint64_t end = 0;
	int rc = dbfile_remove(name, "", err);

	if (rc == 0) {
		rc = open_main(copier, O_EXCL, err);
	}
	if (rc == 0) {
		rc = copy_range(copier->main, copier->copy, 0, UINT64_MAX, name, &end, err);
	}
	return rc == 0 ? file_sync(copier->copy, name, err) : rc;
}

static int patch_main(struct copier *copier, struct error *err)
{
	const char *name = copier->place->temporary;
	int rc = open_main(copier, 0, err);

	forget_wal(copier);
	if (rc == 0) {
		rc = copy_patch(copier->main, copier->copy, name, err);
	}
	return rc == 0 ? file_sync(copier->copy, name, err) : rc;
}

static int open_live_wal(struct copier *copier, struct error *err)
{
	copier->wal = file_open(copier->place->wal, err);
	if (copier->wal < 0) {
		return copier->wal;
	}
	copier->shm = file_open(copier->place->shm, err);
	return copier->shm < 0 ? copier->shm : 0;
}

/* All three, on the first round. The copy's name is durable before the stop. */
static int open_wal(struct copier *copier, struct error *err)
{
	struct stat st = {0};

	if (copier->copy_wal >= 0) {
		return 0;
	}
	int rc = open_live_wal(copier, err);

	if (rc == 0) {
		rc = dbfile_remove(copier->place->copy_wal, "", err);
	}
	if (rc == 0 && fstat(copier->wal, &st) < 0) {
		rc = error_set(err, -errno, "cannot look at %s: %s", copier->place->wal,
			       strerror(errno));
	}
	if (rc < 0) {
		return rc;
	}
	copier->copy_wal = open_copy(copier->place->copy_wal, O_EXCL, st.st_mode & 0777, err);
	return copier->copy_wal < 0 ? copier->copy_wal
				    : file_sync_directory(copier->place->run, err);
}

static int read_index(const struct copier *copier, struct wal_index *ret, struct error *err)
{
	unsigned char bytes[WAL_INDEX_SIZE];

	/* Somebody may just be writing it; a moment later he is not. */
	for (int tries = 0; tries < INDEX_TRIES; tries++) {
		if (pread(copier->shm, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
		    wal_index_parse(bytes, ret) == 0) {
			return 0;
		}
	}
	return error_set(err, COPIER_UNCLEAR, "%s is not in order", copier->place->shm);
}

static bool read_header(const struct copier *copier, unsigned char bytes[WAL_HEADER_SIZE])
{
	return pread(copier->wal, bytes, WAL_HEADER_SIZE, 0) == WAL_HEADER_SIZE;
}

/* Is there anything in the WAL for the database? When its first frame is yet to be written, the
 * index has salts that the file has not. */
static bool has_frames(const struct copier *copier, const struct wal_index *index,
		       unsigned char bytes[WAL_HEADER_SIZE], struct wal_header *ret)
{
	return index->frames > 0 && read_header(copier, bytes) &&
	       wal_header_parse(bytes, ret) == 0 &&
	       memcmp(ret->salts, index->salts, sizeof(ret->salts)) == 0;
}

static int empty_copy(struct copier *copier, struct error *err)
{
	copier->copied = 0;
	memset(copier->header, 0, sizeof(copier->header));
	return ftruncate(copier->copy_wal, 0) < 0
		       ? error_set(err, -errno, "cannot empty %s: %s", copier->place->copy_wal,
				   strerror(errno))
		       : 0;
}

static bool is_same_wal(const struct copier *copier)
{
	unsigned char now[WAL_HEADER_SIZE];

	return read_header(copier, now) && memcmp(now, copier->header, sizeof(now)) == 0;
}

/* Copies the frames up to the given number and follows their chain, in the copy. */
static int copy_frames(struct copier *copier, uint32_t frames, struct error *err)
{
	const char *name = copier->place->copy_wal;
	uint64_t end = wal_length(&copier->chain.header, frames);
	int rc = 0;

	if (copier->copied < end) {
		rc = copy_range(copier->wal, copier->copy_wal, copier->copied, end, name,
				&copier->copied, err);
	}
	return rc == 0 ? wal_chain_walk(&copier->chain, copier->copy_wal, frames, name, err) : rc;
}

static int expect_chain(const struct copier *copier, uint32_t frames, struct error *err)
{
	if (copier->chain.last_commit == frames) {
		return 0;
	}
	return error_set(err, COPIER_BROKEN,
			 "%s holds %u frames, but only %llu of them could be recovered",
			 copier->place->wal, frames, (unsigned long long)copier->chain.last_commit);
}

/* Once; 1 when the WAL started anew meanwhile. */
static int try_round(struct copier *copier, bool *ret_empty, struct error *err)
{
	unsigned char bytes[WAL_HEADER_SIZE];
	struct wal_header header;
	struct wal_index index;
	int rc = read_index(copier, &index, err);

	if (rc < 0) {
		return rc;
	}
	*ret_empty = !has_frames(copier, &index, bytes, &header);
	if (*ret_empty) {
		return empty_copy(copier, err);
	}
	if (memcmp(bytes, copier->header, sizeof(bytes)) != 0) {
		rc = empty_copy(copier, err);
		memcpy(copier->header, bytes, sizeof(bytes));
		wal_chain_begin(&copier->chain, &header);
	}
	if (rc == 0) {
		rc = copy_frames(copier, index.frames, err);
	}
	if (rc == 0 && !is_same_wal(copier)) {
		return 1;
	}
	return rc == 0 ? expect_chain(copier, index.frames, err) : rc;
}

static int copy_round(struct copier *copier, bool *ret_empty, struct error *err)
{
	int rc = open_wal(copier, err);

	for (int tries = 0; rc == 0 && tries < ROUND_TRIES; tries++) {
		rc = try_round(copier, ret_empty, err);
		if (rc <= 0) {
			return rc;
		}
		rc = 0;
	}
	return rc < 0 ? rc
		      : error_set(err, COPIER_REPLACED, "%s started anew again and again",
				  copier->place->wal);
}

static int expect_same(int fd, const char *path, struct error *err)
{
	struct stat ours;
	struct stat named;

	if (fstat(fd, &ours) < 0 || lstat(path, &named) < 0 || ours.st_dev != named.st_dev ||
	    ours.st_ino != named.st_ino) {
		return error_set(err, COPIER_REPLACED, "%s was replaced while it was copied", path);
	}
	return 0;
}

/* Not one frame more than belongs to it, and all of it on disk. The live WAL too: its daemon was
 * not the last to close it and did not sync it. */
static int sync_wal(struct copier *copier, struct error *err)
{
	const char *name = copier->place->copy_wal;
	uint64_t length = wal_length(&copier->chain.header, copier->chain.frames);

	if (ftruncate(copier->copy_wal, (off_t)length) < 0) {
		return error_set(err, -errno, "cannot shorten %s: %s", name, strerror(errno));
	}
	int rc = file_sync(copier->copy_wal, name, err);

	return rc == 0 ? file_sync(copier->wal, copier->place->wal, err) : rc;
}

static int finish_wal(struct copier *copier, struct buffer *output, struct error *err)
{
	bool empty = false;
	int rc = copy_round(copier, &empty, err);

	if (rc == 0) {
		rc = expect_same(copier->main, copier->place->live, err);
	}
	if (rc == 0) {
		rc = expect_same(copier->wal, copier->place->wal, err);
	}
	if (rc < 0 || !empty) {
		return rc < 0 ? rc : sync_wal(copier, err);
	}
	rc = dbfile_remove(copier->place->copy_wal, "", err);
	return rc == 0 && buffer_add_format(output, COPIER_EMPTY) < 0 ? error_no_memory(err) : rc;
}

static int finish_plain(struct copier *copier, struct error *err)
{
	int rc = expect_same(copier->main, copier->place->live, err);

	return rc == 0 ? dbfile_remove(copier->place->copy_wal, "", err) : rc;
}

static int obey(struct copier *copier, int command, struct buffer *output, struct error *err)
{
	bool empty = false;

	switch (command) {
	case COPIER_COPY:
		return copy_main(copier, err);
	case COPIER_PATCH:
		return patch_main(copier, err);
	case COPIER_ROUND:
		return copy_round(copier, &empty, err);
	case COPIER_WAL:
		return finish_wal(copier, output, err);
	case COPIER_PLAIN:
		return finish_plain(copier, err);
	default:
		return error_set(err, -EINVAL, "a copier does not know %d", command);
	}
}

void snapshot_copier_serve(int line, void *data)
{
	struct copier copier = {
		.place = data,
		.main = -1,
		.copy = -1,
		.wal = -1,
		.shm = -1,
		.copy_wal = -1,
	};

	for (int command; (command = servant_next(line)) >= 0;) {
		struct buffer output = BUFFER_INIT(SERVANT_OUTPUT_MAX);
		struct error err = {0};
		int rc = obey(&copier, command, &output, &err);

		servant_answer(line, rc, &output, &err);
		buffer_finish(&output);
	}
}
