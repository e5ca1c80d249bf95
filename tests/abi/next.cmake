# The header that could come next: today's with a field more at the end of each struct, and the next
# minor. Nobody ships it; it is how both directions of the ABI are shown before there is a 1.1.
function(banger_next_header from to)
	file(READ "${from}" text)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${from}")
	string(REGEX MATCH "#define PF_ABI_MINOR ([0-9]+)u" line "${text}")
	set(minor ${CMAKE_MATCH_1})
	math(EXPR next "${minor} + 1")
	set(since "\n\t/* Since 1.${next}: a test's. */\n")
	set(before
		"#define PF_ABI_MINOR ${minor}u"
		"int (*cancelled)(const struct pf_host *h)\\;\n"
		"const char *help\\;     /* one line */\n"
		"int (*check)(const struct pf_host *h)\\;\n"
		"#define PF_EXPORT ")
	set(after
		"#define PF_ABI_MINOR ${next}u"
		"int (*cancelled)(const struct pf_host *h)\\;\n${since}\tint (*later)(const struct pf_host *h)\\;\n"
		"const char *help\\;     /* one line */\n${since}\tconst char *later\\;\n"
		"int (*check)(const struct pf_host *h)\\;\n${since}\tconst char *later\\;\n"
		"/* Since 1.${next}: a test's. */\n#define PF_LATER 1\n\n#define PF_EXPORT ")
	foreach(old new IN ZIP_LISTS before after)
		string(FIND "${text}" "${old}" at)
		if(at EQUAL -1)
			message(FATAL_ERROR "${from} has no \"${old}\"")
		endif()
		string(REPLACE "${old}" "${new}" text "${text}")
	endforeach()
	file(GENERATE OUTPUT "${to}" CONTENT "${text}")
endfunction()
