/*
 * limits.h - the maximum of every input, in one place.
 *
 * Whatever comes from outside (files, pipes, archives, plugins, commands) is read into a buffer
 * that cannot grow past one of these.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define KIB 1024u
#define MIB (1024u * KIB)

/* Release documents */
#define LIMIT_MANIFEST     (1u * MIB)
#define LIMIT_SUMS         (16u * KIB)
#define LIMIT_SIGNATURE    (32u * KIB) /* a bundle with proofs and time stamps has some 10 */
#define LIMIT_RELEASE_JSON (64u * KIB)
#define LIMIT_PUBLIC_KEY   (16u * KIB)
#define LIMIT_KEYS         64u

/* Fetching over http and https */
#define LIMIT_MIRRORS       8u
#define LIMIT_REDIRECTS     5u
#define LIMIT_HTTP_HEAD     (64u * KIB) /* of all answers of one fetch */
#define LIMIT_AUTHORIZATION (4u * KIB)
#define LIMIT_CA_FILE       (2u * MIB)
#define LIMIT_FETCH_REQUEST (24u * KIB)
#define LIMIT_FETCH_MEMORY  (64u * MIB) /* of the helper */
#define LIMIT_FETCH_FILES   64u

/* Tarballs */
#define LIMIT_URL            (4u * KIB)
#define LIMIT_MEMORY_TARBALL (64u * MIB) /* larger ones go to an unlinked file */
#define LIMIT_TAR_OVERHEAD   (4u * MIB)  /* headers and padding around the artifacts */
#define LIMIT_UNPACK_MEMORY  (96u * MIB) /* of the helper: xz -9 needs 65 */
#define LIMIT_UNPACK_SECONDS 600u        /* of processor time */
#define LIMIT_UNPACK_REPORT  (2u * KIB)

/* Configuration */
#define LIMIT_CONFIG       (256u * KIB)
#define LIMIT_CONFIG_FILES 256u /* main files and drop-ins, those that are not read too */
#define LIMIT_CONFIG_LINE  (16u * KIB)
#define LIMIT_CONFIG_KEY   64u  /* bytes of a key's name */
#define LIMIT_CONFIG_KEYS  256u /* keys of one section */
#define LIMIT_ARTIFACTS    256u
#define LIMIT_SERVICES     64u
#define LIMIT_DATABASES    64u
#define LIMIT_DEPENDENTS   1024u /* units that are stopped with the services */
#define LIMIT_PLUGINS      1024u
#define LIMIT_COMMAND_WORD (8u * KIB)
#define LIMIT_COMMAND_ARGS 64u

/* Paths that a package manager is asked about at once: its answer has to be kept whole */
#define LIMIT_PACKAGE_PATHS (4u * KIB)

/* Commands: what is kept of their output; the rest is read and dropped */
#define LIMIT_OUTPUT (16u * KIB)

/* What is published for `status`, read back */
#define LIMIT_STATE (1u * MIB)

/* Migrations */
#define LIMIT_MIGRATIONS 1000000u /* rows of a record that are read */
#define LIMIT_IDS_SHOWN  16u      /* named in a sentence, then "and N more" */

/* Databases that are snapshot: how long the work on one may take; a statement we build */
#define LIMIT_DATABASE_MS 600000u
#define LIMIT_SQL         65536u
#define LIMIT_HOLD_MS     3600000u     /* how long one is held for a stop */
#define LIMIT_WAL_GROWTH  (128u * MIB) /* meanwhile; more for a large one */
#define LIMIT_PROC_LOCKS  (16u * MIB)

/* Preflight plugins; part of the ABI, see banger/preflight.h */
#define LIMIT_FRAME         (8u * KIB)
#define LIMIT_FRAMES        (256u * KIB)
#define LIMIT_FINDINGS      64u
#define LIMIT_FACTS         256u
#define LIMIT_PLUGIN_OBJECT (64u * MIB) /* a shared object that is looked at */
#define LIMIT_FACT_KEY      64u
#define LIMIT_TEXT          (2u * KIB) /* with the NUL */

/* What the runner hands to a plugin's process */
#define LIMIT_PLUGIN_REQUEST (1u * MIB)
#define LIMIT_PLUGIN_PAIRS   4096u         /* options, and subject entries */
#define LIMIT_PLUGIN_OPTIONS 64u           /* that one plugin declares */
#define LIMIT_PLUGIN_FILE    (1024u * MIB) /* written by a plugin, into its scratch directory */

/* What a plugin's process has; memory is RLIMIT_DATA's, processes are counted for its user */
#define LIMIT_PLUGIN_MEMORY      (1024u * MIB)
#define LIMIT_PLUGIN_PROCESSES   2048u
#define LIMIT_PLUGIN_DESCRIPTORS 64u
#define LIMIT_FILTER             (32u * KIB) /* a program of seccomp(2) */

/* What is sent to systemd's journal at once; a datagram may have some 200 KiB */
#define LIMIT_JOURNALD_ENTRY (48u * KIB)

/* The daemon's socket: one JSON object a line */
#define LIMIT_REQUEST (64u * KIB)

#endif
