/*
 * check_signature.c - what release/verify.c does with a signature, alone: key, signature and signed
 * file are read, and the signature is checked. usage: check_signature KEY SIGNATURE FILE
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "release/signature.h"

static int check(char **argv, struct error *err)
{
	auto_buffer struct buffer pem = BUFFER_INIT(LIMIT_PUBLIC_KEY);
	auto_buffer struct buffer text = BUFFER_INIT(LIMIT_SIGNATURE);
	auto_buffer struct buffer sums = BUFFER_INIT(LIMIT_SUMS);
	auto_public_key struct public_key key = {0};
	struct signature signature;
	int rc = file_read_path(argv[1], &pem, err);

	if (rc == 0) {
		rc = file_read_path(argv[2], &text, err);
	}
	if (rc == 0) {
		rc = file_read_path(argv[3], &sums, err);
	}
	if (rc == 0) {
		rc = public_key_parse(buffer_text(&pem), pem.length, &key, err);
	}
	if (rc == 0) {
		rc = signature_parse(buffer_text(&text), text.length, &signature, err);
	}
	return rc < 0 ? rc
		      : signature_check(&signature, &key, buffer_text(&sums), sums.length, err);
}

int main(int argc, char **argv)
{
	struct error err = {.text = "usage: check_signature KEY SIGNATURE FILE"};

	if (argc != 4 || check(argv, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
