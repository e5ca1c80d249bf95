/*
 * test_unpack_hostile.c - archives that no archiver would write.
 *
 * They are put together byte by byte (support/tar_builder.h) and go through the real helper. After
 * each: refused, the staging directory as empty as before, no process left.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "release/unpack/confine.h"
#include "unpack_case.h"

/* Names that are not an artifact's, and what libarchive makes of them. */
static const char *const foreign_names[] = {
	"../bangerd", "/bangerd",    "/etc/passwd", "a/../bangerd", "bangerd/", "bangerd/x",
	"//bangerd",  "./../banger", "././bangerd", "Bangerd",      "bangerd ", "-rf",
	"..",         "...",         "bangerd\n",   "\x1b[2J",      "\xff\xfe", "extra",
};

Test(unpack_hostile, refuses_every_name_that_is_not_expected)
{
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(foreign_names) / sizeof(foreign_names[0]); i++) {
		add_good(world);
		add_text(world, foreign_names[i], "evil");
		tar_add_end(&world->tar);
		refuse(world, -EBADMSG, "which is none of the artifacts");
		add_text(world, foreign_names[i], "evil");
		add_good(world);
		tar_add_end(&world->tar);
		refuse(world, -EBADMSG, "which is none of the artifacts");
	}
	world_free(world);
}

static const struct {
	char type;
	const char *link;
	const char *why;
} foreign_types[] = {
	{'1', "bangerd", "a hard link"},  {'1', "/etc/shadow", "a hard link"},
	{'2', "/etc/shadow", "symbolic"}, {'2', "bangerd", "symbolic"},
	{'3', NULL, "a device"},          {'4', NULL, "a device"},
	{'5', NULL, "a directory"},       {'6', NULL, "a FIFO"},
};

Test(unpack_hostile, refuses_everything_but_regular_files)
{
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(foreign_types) / sizeof(foreign_types[0]); i++) {
		add_text(world, "bangerd", "the daemon");
		tar_add_header(&world->tar, &(struct tar_header){.name = "banger",
								 .type = foreign_types[i].type,
								 .link = foreign_types[i].link});
		tar_add_end(&world->tar);
		refuse(world, -EBADMSG, foreign_types[i].why);
	}
	world_free(world);
}

Test(unpack_hostile, refuses_duplicate_missing_and_empty_artifacts)
{
	struct world *world = world_make();

	add_good(world);
	add_text(world, "bangerd", "another");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'bangerd' twice");
	add_good(world);
	add_text(world, "./banger", "another");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'./banger' twice");
	add_text(world, "banger", "the command");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'bangerd' is missing");
	add_text(world, "bangerd", "");
	add_text(world, "banger", "the command");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "is empty");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "not");
	world_free(world);
}

Test(unpack_hostile, judges_the_name_that_extended_headers_give)
{
	struct world *world = world_make();

	tar_add_pax(&world->tar, "path", "../../etc/passwd");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'../../etc/passwd'");
	tar_add_pax(&world->tar, "path", "banger");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'banger' twice");
	tar_add_pax(&world->tar, "linkpath", "/etc/shadow");
	add_good(world);
	tar_add_end(&world->tar);
	accept(world, "gz", NULL);
	world->tar.length = 0;
	/* GNU long name. */
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "././@LongLink", .type = 'L', .size = 6});
	tar_add_content(&world->tar, "evil1", 6);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "'evil1'");
	world_free(world);
}

Test(unpack_hostile, refuses_names_of_thousands_of_characters)
{
	struct world *world = world_make();
	char *name = calloc(1, 9000);

	memset(name, 'a', 8999);
	tar_add_pax(&world->tar, "path", name);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "none of the artifacts");
	free(name);
	world_free(world);
}

Test(unpack_hostile, refuses_sparse_files)
{
	struct world *world = world_make();
	struct bytes records = {0};

	tar_add_pax(&world->tar, "GNU.sparse.size", "1125899906842624");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EFBIG, "allowed");
	pax_add(&records, "GNU.sparse.size", "10");
	pax_add(&records, "GNU.sparse.map", "0,4,8,2");
	tar_add_extended(&world->tar, &records);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "a sparse file");
	world_free(world);
}

Test(unpack_hostile, refuses_sizes_that_lie)
{
	struct world *world = world_make();

	tar_add_pax(&world->tar, "size", "9223372036854775807");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "overflow");
	tar_add_pax(&world->tar, "size", "1099511627776");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EFBIG, "allowed");
	tar_add_pax(&world->tar, "size", "-1");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	/* The rest of the archive would be taken as content. */
	tar_add_pax(&world->tar, "size", "1000000");
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

Test(unpack_hostile, refuses_more_bytes_than_allowed)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	world->options.maximum = 21;
	accept(world, "zst", NULL);
	world->options.maximum = 20;
	refuse(world, -EFBIG, "20 bytes");
	world_free(world);
}

/* Compresses to some kilobytes and would decompress to a gibibyte. */
static struct bytes bomb(size_t mebibytes)
{
	struct bytes tar = {0};
	struct bytes compressed;

	bytes_add_zeros(&tar, mebibytes * MIB);
	compressed = tar_compress(&tar, "zst", "3");
	free(tar.data);
	return compressed;
}

Test(unpack_hostile, stops_bombs_at_the_maximum)
{
	struct world *world = world_make();
	struct bytes zeros = bomb(64);

	/* As an archive of zeros it ends at once, and the rest may not go on for ever. */
	refuse_bytes(world, &zeros, -EFBIG, "decompresses to more than");
	free(zeros.data);
	/* Behind the artifacts. */
	world->options.maximum = 1u * MIB;
	add_good(world);
	bytes_add_zeros(&world->tar, 16u * MIB);
	refuse(world, -EFBIG, "decompresses to more than");
	/* Within an extended header. */
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "x", .type = 'x', .size = 12u * MIB});
	bytes_add_zeros(&world->tar, 12u * MIB);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

/* The archive as one frame of zstd that asks for a window of 2^log bytes (RFC 8878 section 3.1.1),
 * stored in one raw block. */
static struct bytes zstd_frame(const struct bytes *tar, unsigned log)
{
	uint32_t block = (uint32_t)tar->length << 3 | 1u;
	unsigned char head[] = {0x28,
				0xb5,
				0x2f,
				0xfd,
				0,
				(unsigned char)((log - 10) << 3),
				(unsigned char)block,
				(unsigned char)(block >> 8),
				(unsigned char)(block >> 16)};
	struct bytes frame = {0};

	bytes_add(&frame, head, sizeof(head));
	bytes_add(&frame, tar->data, tar->length);
	return frame;
}

Test(unpack_hostile, refuses_windows_beyond_its_memory)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes modest = zstd_frame(&world->tar, 23); /* zstd -19 */
	struct bytes large = zstd_frame(&world->tar, 27);  /* zstd --ultra -22 */
	struct bytes absurd = zstd_frame(&world->tar, 41);

	accept_bytes(world, &modest);
	refuse_bytes(world, &absurd, -EBADMSG, "memory");
	if (!CONFINE_IS_PARTIAL) {
		refuse_bytes(world, &large, -EBADMSG, "memory");
	}
	free(modest.data);
	free(large.data);
	free(absurd.data);
	world_free(world);
}

Test(unpack_hostile, refuses_truncation_at_every_place)
{
	static const char *const suffixes[] = {"zst", "gz", "xz"};
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct bytes compressed = tar_compress(&world->tar, suffixes[i], NULL);
		size_t length = compressed.length;

		for (size_t cut = 1; cut < length; cut += cut < 24 ? 4 : length / 8) {
			compressed.length = length - cut;
			refuse_bytes(world, &compressed, -EBADMSG, "decompressed");
		}
		free(compressed.data);
	}
	world_free(world);
}

Test(unpack_hostile, refuses_an_archive_without_its_end)
{
	struct world *world = world_make();

	add_good(world);
	refuse(world, -EBADMSG, "two empty blocks");
	add_good(world);
	bytes_add_zeros(&world->tar, 512);
	refuse(world, -EBADMSG, "two empty blocks");
	add_good(world);
	world->tar.length -= 600;
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

Test(unpack_hostile, refuses_whatever_follows_the_end)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	bytes_add(&world->tar, "x", 1);
	refuse(world, -EBADMSG, "follows the end");
	/* Far behind it, as one archive after the other. */
	add_good(world);
	bytes_add_zeros(&world->tar, 20u * KIB);
	add_good(world);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "follows the end");
	/* One empty block, then more. */
	add_good(world);
	bytes_add_zeros(&world->tar, 512);
	add_text(world, "extra", "evil");
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "follows the end");
	/* Padding to an archiver's record size is fine. */
	add_good(world);
	bytes_add_zeros(&world->tar, 20u * KIB);
	accept(world, "xz", NULL);
	world_free(world);
}

Test(unpack_hostile, refuses_whatever_follows_the_compression)
{
	static const char *const suffixes[] = {"zst", "gz", "xz"};
	static const char *const trailers[] = {"x", "trailing garbage", "PK\003\004"};
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		for (size_t j = 0; j < sizeof(trailers) / sizeof(trailers[0]); j++) {
			struct bytes compressed = tar_compress(&world->tar, suffixes[i], NULL);

			bytes_add(&compressed, trailers[j], strlen(trailers[j]));
			refuse_bytes(world, &compressed, -EBADMSG, "");
			free(compressed.data);
		}
		struct bytes once = tar_compress(&world->tar, suffixes[i], NULL);
		struct bytes twice = {0};

		bytes_add(&twice, once.data, once.length);
		bytes_add(&twice, once.data, once.length);
		refuse_bytes(world, &twice, -EBADMSG, "follows the end");
		free(twice.data);
		free(once.data);
	}
	world_free(world);
}

Test(unpack_hostile, refuses_a_bad_checksum)
{
	struct world *world = world_make();

	add_text(world, "bangerd", "the daemon");
	tar_add_header(&world->tar,
		       &(struct tar_header){.name = "banger", .size = 11, .bad_checksum = true});
	tar_add_content(&world->tar, "the command", 11);
	tar_add_end(&world->tar);
	refuse(world, -EBADMSG, "tar archive");
	world_free(world);
}

Test(unpack_hostile, refuses_what_is_not_compressed_exactly_once)
{
	struct world *world = world_make();

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes once = tar_compress(&world->tar, "gz", NULL);
	struct bytes twice = tar_compress(&once, "zst", NULL);

	refuse_bytes(world, &world->tar, -EBADMSG, "not compressed once");
	refuse_bytes(world, &twice, -EBADMSG, "not compressed once");
	free(once.data);
	free(twice.data);
	world_free(world);
}

Test(unpack_hostile, refuses_other_formats)
{
	static const char *const texts[] = {
		"PK\003\004 a zip, perhaps",
		"!<arch>\n",
		"070701 a cpio, perhaps",
		"#mtree\n./bangerd type=file contents=/etc/shadow\n",
		"text",
	};
	struct world *world = world_make();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bytes_add(&world->tar, texts[i], strlen(texts[i]));
		bytes_add_zeros(&world->tar, 4096);
		refuse(world, -EBADMSG, "tar archive");
	}
	world_free(world);
}
