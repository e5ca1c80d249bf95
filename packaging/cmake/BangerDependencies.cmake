# The libraries, each as an imported target. Debian's package names stand beside them.
find_package(PkgConfig REQUIRED)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3>=3.40)     # libsqlite3-dev
pkg_check_modules(inih REQUIRED IMPORTED_TARGET inih)                 # libinih-dev
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson>=2.14)     # libjansson-dev
pkg_check_modules(libcrypto REQUIRED IMPORTED_TARGET libcrypto>=3.0)  # libssl-dev
pkg_check_modules(libarchive REQUIRED IMPORTED_TARGET libarchive>=3.6) # libarchive-dev
# CURLOPT_PROTOCOLS_STR came with 7.85
pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl>=7.85)     # libcurl4-openssl-dev
pkg_check_modules(libseccomp REQUIRED IMPORTED_TARGET libseccomp>=2.5) # libseccomp-dev
if(BANGER_TESTS)
	pkg_check_modules(criterion REQUIRED IMPORTED_TARGET criterion) # libcriterion-dev
endif()
