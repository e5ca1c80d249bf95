/*
 * release_builder.c - release_builder.h.
 */
#include "support/release_builder.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/digest.h"
#include "base/file.h"
#include "support/scratch.h"

struct signing_key signing_key_make_on(const char *curve)
{
	struct signing_key key = {EVP_EC_gen(curve)};

	cr_assert_not_null(key.handle);
	return key;
}

struct signing_key signing_key_make(void)
{
	return signing_key_make_on("P-256");
}

void signing_key_free(struct signing_key *key)
{
	EVP_PKEY_free(key->handle);
	key->handle = NULL;
}

void signing_key_publish(const struct signing_key *key, const char *path)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file, "cannot write %s", path);
	cr_assert_eq(PEM_write_PUBKEY(file, key->handle), 1);
	cr_assert_eq(fchmod(fileno(file), 0644), 0);
	cr_assert_eq(fclose(file), 0);
}

char *base64_of(const void *bytes, size_t length)
{
	unsigned char *text = calloc(1, 4 * (length / 3 + 1) + 1);

	cr_assert_not_null(text);
	(void)EVP_EncodeBlock(text, bytes, (int)length);
	return (char *)text;
}

char *signing_key_sign(const struct signing_key *key, const void *bytes, size_t length)
{
	unsigned char der[512];
	size_t der_length = sizeof(der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	cr_assert_not_null(context);
	cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->handle), 1);
	cr_assert_eq(EVP_DigestSign(context, der, &der_length, bytes, length), 1);
	EVP_MD_CTX_free(context);
	return base64_of(der, der_length);
}

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text_of(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	cr_assert_geq(length, 0);
	return text;
}

static void add_file(struct bytes *tar, const struct release_file *file)
{
	struct error err;

	if (file->path != NULL) {
		struct buffer content = BUFFER_INIT((size_t)1 << 30);

		cr_assert_eq(file_read_path(file->path, &content, &err), 0, "%s", err.text);
		tar_add_file(tar, file->name, content.data, content.length);
		buffer_finish(&content);
	} else if (file->bytes != NULL) {
		tar_add_file(tar, file->name, file->bytes, file->length);
	} else {
		tar_add_file(tar, file->name, file->text, strlen(file->text));
	}
}

static void write_tarball(const struct release_spec *spec, const char *suffix, const char *path)
{
	struct bytes tar = {0};

	if (spec->tarball != NULL) {
		scratch_write_bytes(path, spec->tarball->data, spec->tarball->length, 0644);
		return;
	}
	for (size_t i = 0; i < spec->file_count; i++) {
		add_file(&tar, &spec->files[i]);
	}
	tar_add_end(&tar);
	struct bytes compressed = tar_compress(&tar, suffix, NULL);

	scratch_write_bytes(path, compressed.data, compressed.length, 0644);
	free(compressed.data);
	free(tar.data);
}

static bool write_details(const struct release_spec *spec, const char *product, const char *path)
{
	if (spec->release_json != NULL) {
		scratch_write(path, spec->release_json);
		return true;
	}
	if (spec->migrations == NULL) {
		return false;
	}
	char *text = text_of("{\"schema_version\":1,\"product\":\"%s\",\"version\":\"%s\","
			     "\"migrations\":%s}\n",
			     product, spec->version, spec->migrations);

	scratch_write(path, text);
	free(text);
	return true;
}

/* "HEX  NAME\n" of a file, put behind text (which is freed). */
static char *with_sum(char *text, const char *path)
{
	struct digest digest;
	struct error err;
	char hex[DIGEST_HEX_SIZE];

	cr_assert_eq(digest_path(path, &digest, &err), 0, "%s", err.text);
	char *longer = text_of("%s%s  %s\n", text, digest_text(&digest, hex), path_name(path));

	free(text);
	return longer;
}

static void write_sums(const struct release_spec *spec, const struct release_built *built,
		       bool has_details)
{
	char *text = with_sum(text_of("%s", ""), built->tarball);

	if (has_details) {
		text = with_sum(text, built->details);
	}
	char *sums = spec->sums != NULL ? text_of("%s", spec->sums)
					: text_of("%s%s", text,
						  spec->more_sums != NULL ? spec->more_sums : "");

	scratch_write(built->sums, sums);
	if (spec->signature != NULL) {
		scratch_write(built->signature, spec->signature);
	} else {
		char *signature = signing_key_sign(spec->key, sums, strlen(sums));
		char *document = text_of("%s%s", signature,
					 spec->signature_end != NULL ? spec->signature_end : "\n");

		scratch_write(built->signature, document);
		free(document);
		free(signature);
	}
	free(sums);
	free(text);
}

static json_t *describe(const struct manifest_entry *entry)
{
	char *tarball = text_of("file://%s", entry->built->tarball);
	char *sums = text_of("file://%s", entry->built->sums);
	char *signature = text_of("file://%s", entry->built->signature);
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:s}", "version", entry->version, "tarball_url", tarball,
			  "sha256sums_url", sums, "sha256sums_sig_url", signature);

	cr_assert_not_null(object);
	free(tarball);
	free(sums);
	free(signature);
	return object;
}

void manifest_write(const char *path, const char *latest, const struct manifest_entry *entries,
		    size_t count)
{
	json_t *releases = json_array();

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(json_array_append_new(releases, describe(&entries[i])), 0);
	}
	json_t *root = json_pack("{s:i, s:s, s:o}", "schema_version", 1, "latest_stable", latest,
				 "releases", releases);
	char *text = json_dumps(root, JSON_INDENT(2));

	cr_assert_not_null(text);
	scratch_write(path, text);
	free(text);
	json_decref(root);
}

static char *default_name(const struct release_spec *spec, const char *product, const char *suffix)
{
	struct utsname host;

	cr_assert_eq(uname(&host), 0);
	return text_of("%s-%s-linux-%s.tar.%s", product, spec->version,
		       spec->machine != NULL ? spec->machine : host.machine, suffix);
}

struct release_built release_build(const struct release_spec *spec)
{
	const char *product = spec->product != NULL ? spec->product : "banger";
	const char *suffix = spec->suffix != NULL ? spec->suffix : "zst";
	char *name = spec->tarball_name != NULL ? text_of("%s", spec->tarball_name)
						: default_name(spec, product, suffix);
	struct release_built built = {
		.tarball = text_of("%s/%s", spec->directory, name),
		.sums = text_of("%s/SHA256SUMS", spec->directory),
		.signature = text_of("%s/SHA256SUMS.sig", spec->directory),
		.details = text_of("%s/release.json", spec->directory),
		.manifest = text_of("%s/manifest.json", spec->directory),
		.manifest_url = text_of("file://%s/manifest.json", spec->directory),
	};
	struct manifest_entry entry = {spec->version, &built};

	free(name);
	write_tarball(spec, suffix, built.tarball);
	write_sums(spec, &built, write_details(spec, product, built.details));
	if (spec->manifest != NULL) {
		scratch_write(built.manifest, spec->manifest);
	} else {
		manifest_write(built.manifest, spec->version, &entry, 1);
	}
	return built;
}

void release_built_free(struct release_built *built)
{
	free(built->tarball);
	free(built->sums);
	free(built->signature);
	free(built->details);
	free(built->manifest);
	free(built->manifest_url);
	*built = (struct release_built){0};
}
