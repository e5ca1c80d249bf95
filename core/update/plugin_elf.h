/*
 * plugin_elf.h - what can be said of a shared object without loading it.
 */
#ifndef UPDATE_PLUGIN_ELF_H
#define UPDATE_PLUGIN_ELF_H

#include "base/buffer.h"
#include "model/finding.h"

/* Adds a finding "lint.…" for each that would hurt later: more symbols exported than pf_plugin_v1,
 * symbols bound when they are called, libraries sought elsewhere than beside the plugin or where
 * the system has them. A file that is no such object, or one for another machine than ours (class,
 * byte order, processor), is a finding, too. 0 or -ENOMEM. */
MUST_CHECK int plugin_elf_lint(const struct buffer *file, struct findings *ret);

#endif
