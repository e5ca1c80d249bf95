# Compiler flags of every target: warnings, hardening, sanitizers.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

add_compile_definitions(_GNU_SOURCE)

set(warnings
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith
	-Wwrite-strings -Wundef -Wvla -Walloca -Wcast-align -Wcast-qual -Wnull-dereference
	-Wdouble-promotion -Wimplicit-fallthrough -Wswitch-enum -Wredundant-decls
	-Wnested-externs -Wdate-time)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
	list(APPEND warnings -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init)
elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
	list(APPEND warnings -Wcomma -Wmissing-variable-declarations -Wunreachable-code-aggressive)
endif()
add_compile_options(${warnings} -fno-common)
if(BANGER_WERROR)
	add_compile_options(-Werror)
endif()

add_link_options(-Wl,--as-needed)

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT BANGER_SANITIZE)
	foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
			-ftrivial-auto-var-init=zero)
		string(MAKE_C_IDENTIFIER "has${flag}" has)
		check_c_compiler_flag(${flag} ${has})
		if(${has})
			add_compile_options(${flag})
		endif()
	endforeach()
	# Distributions pass their own level; defining it twice is an error.
	if(NOT "${CMAKE_C_FLAGS} $ENV{CPPFLAGS}" MATCHES "_FORTIFY_SOURCE")
		add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
	endif()
	add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
	add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code)
	include(CheckPIESupported)
	check_pie_supported(LANGUAGES C)
endif()

if(BANGER_SANITIZE)
	add_compile_options(-fsanitize=${BANGER_SANITIZE} -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	add_link_options(-fsanitize=${BANGER_SANITIZE})
endif()
if(BANGER_FUZZ)
	if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
		message(FATAL_ERROR "BANGER_FUZZ needs clang: libFuzzer is a part of it")
	endif()
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(BANGER_COVERAGE)
	add_compile_options(--coverage)
	add_link_options(--coverage)
endif()
