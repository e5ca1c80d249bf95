/*
 * digest.c - digest.h on OpenSSL's EVP, which uses the processor's SHA instructions.
 */
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

#define CHUNK (256u * KIB)

int hasher_init(struct hasher *hasher, struct error *err)
{
	hasher->context = EVP_MD_CTX_new();
	if (hasher->context == NULL) {
		return error_no_memory(err);
	}
	if (EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL) != 1) {
		return error_set(err, -EIO, "libcrypto cannot compute SHA-256");
	}
	return 0;
}

void hasher_finish(struct hasher *hasher)
{
	EVP_MD_CTX_free(hasher->context);
	hasher->context = NULL;
}

int hasher_add(struct hasher *hasher, const void *bytes, size_t length, struct error *err)
{
	if (EVP_DigestUpdate(hasher->context, bytes, length) != 1) {
		return error_set(err, -EIO, "libcrypto cannot compute SHA-256");
	}
	return 0;
}

int hasher_result(struct hasher *hasher, struct digest *ret, struct error *err)
{
	unsigned int size = 0;

	if (EVP_DigestFinal_ex(hasher->context, ret->bytes, &size) != 1 || size != DIGEST_SIZE) {
		return error_set(err, -EIO, "libcrypto cannot compute SHA-256");
	}
	return 0;
}

int digest_fd(int fd, const char *name, struct digest *ret, uint64_t *ret_size, struct error *err)
{
	auto_hasher struct hasher hasher = {0};
	auto_free char *chunk = malloc(CHUNK);
	uint64_t size = 0;

	if (chunk == NULL) {
		return error_no_memory(err);
	}
	int rc = hasher_init(&hasher, err);

	while (rc == 0) {
		ssize_t got = pread(fd, chunk, CHUNK, (off_t)size);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return error_set(err, -errno, "cannot read %s: %s", name, strerror(errno));
		}
		if (got == 0) {
			break;
		}
		size += (uint64_t)got;
		rc = hasher_add(&hasher, chunk, (size_t)got, err);
	}
	if (rc < 0) {
		return rc;
	}
	rc = hasher_result(&hasher, ret, err);
	if (rc == 0 && ret_size != NULL) {
		*ret_size = size;
	}
	return rc;
}

int digest_path(const char *path, struct digest *ret, struct error *err)
{
	auto_close int fd = file_open(path, err);

	if (fd < 0) {
		return fd;
	}
	return digest_fd(fd, path, ret, NULL, err);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

int digest_parse(const char *hex, size_t length, struct digest *ret)
{
	struct digest digest;

	if (length != 2 * DIGEST_SIZE) {
		return -EINVAL;
	}
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = hex_value(hex[2 * i]);
		int low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			return -EINVAL;
		}
		digest.bytes[i] = (uint8_t)(high * 16 + low);
	}
	*ret = digest;
	return 0;
}

const char *digest_text(const struct digest *digest, char text[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		text[2 * i] = digits[digest->bytes[i] >> 4];
		text[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	text[2 * DIGEST_SIZE] = '\0';
	return text;
}
